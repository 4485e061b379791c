# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions on pods, read strictly: what cannot be meant is refused, what cannot be known is no decision."""

from __future__ import annotations

import subprocess
import sys

import jmespath
import pytest
from hypothesis import given, strategies as st

from ansible_collections.ackops.eci.plugins.module_utils._errors import InvalidInput, MissingLibrary
from ansible_collections.ackops.eci.plugins.module_utils._rules.conditions import compile_condition
from ansible_collections.ackops.eci.plugins.module_utils._rules.model import pod_to_record
from ansible_collections.ackops.eci.plugins.module_utils._rules.waivers import parse_waivers
from tests.unit.support.builders import HOSTILE_VERSIONS, QUICK, owner, pod

SUBJECT = pod(labels={"app": "web", "number": "1e999"}, owner=owner("StatefulSet", "db"))


def holds(expression: str) -> bool:
    """Whether the expression is true of the subject."""
    return compile_condition(expression, "query").holds(SUBJECT)


def test_there_may_be_any_number_of_conditions() -> None:
    """The cache of jmespath is never filled: 0.9.4 fails on Python 3.11 and newer when it makes room in it."""
    assert all(holds(f"name != 'other-{number}'") for number in range(300))
    assert len(jmespath.parser.Parser._CACHE) == 1


@pytest.mark.parametrize(
    ("expression", "true"),
    [
        ("namespace == 'web'", True),
        ("namespace == 'shop'", False),
        ("labels.app == 'web' && owner.kind == 'StatefulSet'", True),
        ("starts_with(node, 'virtual-kubelet')", True),
        ("labels.missing", False),
        ("!(labels.missing)", True),
        ("contains(['web', 'shop'], namespace)", True),
        ("@ | labels.app == 'web'", True),
        ("length(labels) == `2`", True),
        ("contains(keys(labels), 'app')", True),
        ("keys(labels)[?@ == 'app'] | [0]", True),
        ("labels.\"app\" == 'web'", True),
        ('platform_version == `"1.1.0"`', True),
        ("owner.name == 'db' || `false`", True),
        ("created == `null`", False),
        ("ready", False),
        ("annotations", False),
    ],
)
def test_conditions_see_the_record_of_the_pod(expression: str, true: bool) -> None:
    """The same document that eci_pods shows."""
    assert holds(expression) is true


@pytest.mark.parametrize(
    "expression", ["", " ", "a ==", "labels[", "a b", "foo(", "`", "'open", "{{ 7*7 }}", "a\x1b[2J"]
)
def test_what_is_no_expression_is_refused_before_any_request(expression: str) -> None:
    """With the option, and an example."""
    with pytest.raises(InvalidInput, match=r"^query: .* is not a JMESPath expression: ") as caught:
        compile_condition(expression, "query")
    assert caught.value.option == "query"
    assert "for example: namespace ==" in caught.value.remedy


@pytest.mark.parametrize(
    "expression",
    [
        "starts_with(labels.missing, 'a')",
        "unknown_function(name)",
        "length(ready)",
        "values(labels)[::0]",
        "ceil(to_number(labels.number)) > `1`",
    ],
)
def test_an_expression_that_fails_on_a_pod_is_an_error_not_a_no(expression: str) -> None:
    """A pod that is passed over by mistake could be the one that is incompatible."""
    with pytest.raises(InvalidInput, match=r"^query: .* cannot be evaluated for pod 'web/web-1'"):
        holds(expression)


@pytest.mark.parametrize("text", HOSTILE_VERSIONS, ids=lambda value: ascii(value)[:20])
def test_annotations_are_data_to_an_expression(text: str) -> None:
    """Nothing in a pod is evaluated."""
    condition = compile_condition("platform_version", "query")
    assert condition.holds(pod(platform_version=text))
    assert not compile_condition("platform_version == '1.1.0'", "query").holds(pod(platform_version=text))


def test_without_jmespath_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those who use a condition need it."""
    monkeypatch.setattr(
        "ansible_collections.ackops.eci.plugins.module_utils._rules.conditions.JMESPATH_IMPORT_ERROR", "Traceback ..."
    )
    with pytest.raises(MissingLibrary, match=r"'jmespath' is needed to evaluate 'query'"):
        compile_condition("ready", "query")
    assert parse_waivers([]) == []


# -- what cannot be meant -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "problem", "remedy"),
    [
        ('namespace != "prod"', "reads the field 'prod', which a pod record does not have", "single quotes ('prod')"),
        ('"prod" != namespace', "reads the field 'prod'", "single quotes ('prod')"),
        ("namespace != prod", "reads the field 'prod'", "Text stands in single quotes: 'prod'."),
        ("namespce != 'prod'", "reads the field 'namespce'", "Did you mean namespace?"),
        ("label.app == 'web'", "reads the field 'label'", "Did you mean labels?"),
        ("metadata.namespace == 'web'", "reads the field 'metadata'", "The fields are namespace, name, uid,"),
        ("owner.knd == 'Job'", "reads the field 'knd', which an owner does not have", "Did you mean kind?"),
        ("!(owner.controller)", "reads the field 'controller', which an owner", "The fields are api_version, kind"),
        ("starts_with(nmae, 'web')", "reads the field 'nmae'", "Did you mean name?"),
        ("[nmae] | [0] == 'web'", "reads the field 'nmae'", "Did you mean name?"),
        ("@ | nmae == 'web'", "reads the field 'nmae'", "Did you mean name?"),
        ("@.nmae == 'web'", "reads the field 'nmae'", "Did you mean name?"),
        ("namespace.name == 'web'", "reads 'name' of a text", "in parentheses"),
        ("labels.app.name == 'web'", "reads 'name' of a text", "in parentheses"),
        ("!labels.app", "reads 'app' of a boolean", "!(labels.app)"),
        ('!(annotations."example.org/keep")', "reads the annotation 'example.org/keep'", "alibabacloud.com are in it"),
        ("'namespace' != 'prod'", "reads nothing of the pod", "without quotes"),
        ("namespace == 'a' || 'b'", "reads nothing of the pod", "each comparison is written out"),
        ("'prod'", "reads nothing of the pod", "without quotes"),
        ("`1`", "reads nothing of the pod", "without quotes"),
        ("namespace", "has 'namespace' as a condition", "namespace == 'web'"),
        ("namespace || ready", "has 'namespace' as a condition", "namespace == 'web'"),
        ("!(!name)", "has 'name' as a condition", "namespace == 'web'"),
        ("@", "has '@' as a condition", "namespace == 'web'"),
        ("ready != 'true'", 'compares a boolean with "true"', "backticks"),
        ("ready == `1`", "compares a boolean with 1", "backticks"),
        ("namespace != `1`", "compares a text with 1", "single quotes"),
        ("labels.version != `1.0`", "compares a text with 1.0", "single quotes"),
        ("created < '2026-01-01'", "orders texts", "numbers only"),
        ("!(platform_version >= '1.1.0')", "orders texts", "numbers only"),
    ],
)
def test_what_is_true_of_every_pod_by_mistake_is_refused(expression: str, problem: str, remedy: str) -> None:
    """Before any request is made, with what is wrong and what to write."""
    with pytest.raises(InvalidInput) as caught:
        compile_condition(expression, "exempt[0].match")
    assert caught.value.option == "exempt[0].match"
    assert problem in caught.value.message
    assert remedy in caught.value.remedy


# -- what cannot be known -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "holds", "surely"),
    [
        ("labels.tier != 'x'", True, False),
        ("!(labels.tier == 'x')", True, False),
        ("!(!(labels.tier != 'x'))", True, False),
        ("labels.tier == 'x'", False, False),
        ("labels.tier == labels.zone", True, False),
        ("labels.tier != 'x' && ready", False, False),
        ("labels.tier != 'x' && !ready", True, False),
        ("labels.tier != 'x' || labels.app == 'web'", True, True),
        ("labels.tier != 'x' || starts_with(labels.tier, 'y')", True, False),
        ("!(labels.tier) || labels.tier != 'x'", True, True),
        ("labels.tier == `null`", True, True),
        ("labels.app != `null`", True, True),
        ("!(labels.tier == `null`)", False, False),
        ("@ | labels.tier != 'x'", True, False),
        ("contains([labels.tier != 'x'], `true`) && labels.app == 'web'", True, False),
        ("labels.app != 'x'", True, True),
        ("!(to_number(labels.app) > `3`)", True, False),
        ("not_null(labels.tier, 'none') != 'x'", True, True),
    ],
)
def test_a_comparison_with_a_value_that_is_missing_leaves_a_doubt(expression: str, holds: bool, surely: bool) -> None:
    """A query goes by JMESPath's own rule, so that it leaves out no more than it says; a waiver exempts nothing in doubt."""
    condition = compile_condition(expression, "query")
    assert (condition.holds(SUBJECT), condition.surely_holds(SUBJECT)) == (holds, surely)


LEAVES = st.sampled_from(
    ["ready", "labels.app", "labels.tier", "labels.app == 'web'", "labels.tier != 'x'", "labels.tier == 'x'", "`true`",
     "owner.kind == 'Job'", "deleting", "node != 'x'", "labels.tier == `null`", "length(labels) == `1`"]
)  # fmt: skip
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) && ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) || ({two[1]})"),
    ),
    max_leaves=8,
)


@QUICK
@given(EXPRESSIONS, st.booleans(), st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["web", "x", ""])))
def test_what_holds_is_what_jmespath_says(expression: str, ready: bool, labels: dict[str, str]) -> None:
    """And what surely holds, holds whatever the missing labels were."""
    subject = pod(labels=labels, ready=ready)
    condition = compile_condition(expression, "query")
    found = jmespath.search(expression, pod_to_record(subject))
    assert condition.holds(subject) is bool(found)
    if condition.surely_holds(subject) and "null" not in expression and "length" not in expression:
        assert condition.holds(subject)


def test_without_jmespath_the_file_can_be_read() -> None:
    """A machine that lacks the package runs the modules all the same, until a condition is given."""
    code = (
        "import sys; sys.modules['jmespath'] = None\n"
        "from ansible_collections.ackops.eci.plugins.module_utils._rules import conditions\n"
        "print(conditions.JMESPATH_IMPORT_ERROR.splitlines()[-1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "import of jmespath halted" in done.stdout


@pytest.mark.parametrize(
    "expression", ["ready && starts_with(labels.app, 'web')", "deleting || starts_with(labels.app, 'web')"]
)
def test_an_error_in_the_part_that_decides_is_an_error(expression: str) -> None:
    """The first part leaves it open, so that nothing can be said of the pod."""
    with pytest.raises(InvalidInput, match="Guard a function against a missing key"):
        compile_condition(expression, "query").holds(pod(ready=True, deleting=False, labels={}))
