# Copyright: (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as a whole: alone on the cluster, told from beginning to end in the ledger, and ended in order by an interrupt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from ansible_collections.ackops.eci.plugins.module_utils._errors import EciError
from ansible_collections.ackops.eci.plugins.module_utils._recreate.holder import Holder
from ansible_collections.ackops.eci.plugins.module_utils._recreate.interrupt import Interrupts
from ansible_collections.ackops.eci.plugins.module_utils._recreate.lease import Heartbeat, Lease
from ansible_collections.ackops.eci.plugins.module_utils._recreate.waves import Order, Surroundings, carry_out


def run_alone(
    around: Surroundings,
    order: Order,
    holder: Holder,
    limit: int,
    heartbeat: Callable[[Lease], AbstractContextManager[object]] = Heartbeat,
) -> dict[str, Any]:
    """Carry out the order while holding the cluster's lease. Returns the module's result. Raises EciError."""
    ledger = around.journal
    lease = Lease(around.api, around.clock, holder)
    if not order.pods and not ledger.unfinished():
        return carry_out(around, order, dry_run=False, limit=limit)
    with Interrupts() as interrupts:
        ledger.write("started", ledger=ledger.path, holder=str(holder), pid=holder.pid, pods=len(order.pods),
                     method=order.method, serial=[str(entry) for entry in order.serial],
                     unmanaged=order.policy.unmanaged, running_jobs=order.policy.running_jobs)  # fmt: skip
        try:
            lease.take(interrupts.said, lambda why: ledger.write("waiting", reason=why))
            with heartbeat(lease):
                alone = replace(around, stop=lambda: around.stop() or interrupts.said() or lease.lost())
                result = carry_out(alone, order, dry_run=False, limit=limit)
        except EciError as error:
            ledger.write("ended", problem=str(error))
            raise
        ledger.write("ended", problem=result["problem"], counts=result["counts"])
        return result
