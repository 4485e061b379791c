// Sorts, filters and pages the tables. The rows are those of the page; only the ones that are shown are in it.
"use strict";
document.documentElement.classList.add("scripted");

(() => {
  const PAGE = 100;
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  class Table {
    constructor(table) {
      this.id = table.id;
      this.table = table;
      this.body = table.tBodies[0];
      this.rows = Array.from(this.body.rows);
      this.labels = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent.trim());
      this.texts = null;
      this.page = 0;
      this.pager = document.querySelector(`[data-pager="${this.id}"]`);
      this.status = document.querySelector(`[data-status="${this.id}"]`);
      this.fields = Array.from(document.querySelectorAll(`[data-for="${this.id}"]`));
      this.matched = this.rows;
      this.addButtons();
      for (const field of this.fields) {
        field.addEventListener("input", () => this.filter());
        field.closest(".controls").hidden = false;
      }
      for (const button of this.pager ? this.pager.querySelectorAll("button") : []) {
        button.addEventListener("click", () => this.turn(Number(button.dataset.step)));
      }
      this.filter();
      this.body.classList.add("taken");
    }

    addButtons() {
      Array.from(this.table.tHead.rows[0].cells).forEach((head, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = head.textContent;
        button.addEventListener("click", () => this.sort(head, column));
        head.replaceChildren(button);
      });
    }

    key(row, column, numeric) {
      const cell = row.cells[column];
      const text = cell.dataset.key ?? cell.textContent.trim();
      return numeric ? Number.parseFloat(text) || 0 : text;
    }

    sort(head, column) {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const numeric = head.dataset.sort === "number";
      const compare = numeric ? (a, b) => a - b : collator.compare;
      const keyed = this.rows.map((row) => [this.key(row, column, numeric), row]);
      keyed.sort((a, b) => (down ? -1 : 1) * compare(a[0], b[0]));
      this.rows = keyed.map((pair) => pair[1]);
      this.texts = null;
      this.filter();
    }

    filter() {
      const tests = [];
      for (const field of this.fields) {
        const wanted = field.value.trim();
        if (!wanted) continue;
        if (field.tagName === "SELECT") {
          const column = this.labels.indexOf(field.dataset.label);
          tests.push((row) => {
            const cell = row.cells[column];
            return (cell.firstElementChild ?? cell).textContent.trim() === wanted;
          });
        } else {
          this.texts ??= new Map(this.rows.map((row) => [row, row.textContent.toLowerCase()]));
          const words = wanted.toLowerCase().split(/\s+/);
          tests.push((row) => words.every((word) => this.texts.get(row).includes(word)));
        }
      }
      this.matched = tests.length ? this.rows.filter((row) => tests.every((test) => test(row))) : this.rows;
      this.page = 0;
      this.show();
    }

    turn(step) {
      this.page += step;
      this.show();
      this.table.scrollIntoView({ block: "start" });
    }

    show(all = false) {
      const pages = all ? 1 : Math.max(1, Math.ceil(this.matched.length / PAGE));
      this.page = Math.min(this.page, pages - 1);
      const rows = all ? this.matched : this.matched.slice(this.page * PAGE, (this.page + 1) * PAGE);
      // As cards, on a narrow screen, rows and cells would lose their meaning without these.
      for (const row of rows) {
        row.setAttribute("role", "row");
        for (const cell of row.cells) cell.setAttribute("role", "cell");
      }
      this.body.replaceChildren(...rows);
      if (this.status) this.status.textContent = `${this.matched.length} of ${this.rows.length}`;
      if (!this.pager) return;
      this.pager.hidden = pages === 1;
      this.pager.querySelector("span").textContent = `Page ${this.page + 1} of ${pages}`;
      const [back, on] = this.pager.querySelectorAll("button");
      back.disabled = this.page === 0;
      on.disabled = this.page === pages - 1;
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const tables = Array.from(document.querySelectorAll("main table"), (table) => {
      table.setAttribute("role", "table");
      for (const part of table.querySelectorAll("thead, tbody")) part.setAttribute("role", "rowgroup");
      table.tHead.rows[0].setAttribute("role", "row");
      for (const cell of table.tHead.rows[0].cells) cell.setAttribute("role", "columnheader");
      return new Table(table);
    });
    addEventListener("beforeprint", () => tables.forEach((table) => table.show(true)));
    addEventListener("afterprint", () => tables.forEach((table) => table.show()));
  });
})();
