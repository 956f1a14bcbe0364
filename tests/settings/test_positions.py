import tomllib

from hypothesis import given
from hypothesis import strategies as st

from watchword.base.toml_positions import positions

TEXT = '''# a comment with [a.table] and key = 1
top = "x"

[first."quo.ted"]
a.b = { c = 1, d = [1, { e = "}" }] } # end
multi = """
not = "a key"
"""
literal = \'\'\'
[nor.a.table]\'\'\'
list = [
  "one", # ]
  2,
]
when = 2020-01-01 07:32:00

[[many]]
x = 1
[[many]]
x = 2
'''


def test_every_key_is_found_on_its_line() -> None:
    found = positions(TEXT)
    lines = TEXT.split("\n")
    assert found["top",] == 2
    assert found["first", "quo.ted"] == 4
    for path in (("first", "quo.ted", "a", "b", "c"), ("first", "quo.ted", "a", "b", "d", "e")):
        assert found[path] == 5
    for name in ("multi", "literal", "list", "when"):
        assert lines[found["first", "quo.ted", name] - 1].startswith(f"{name} =")
    assert found["many", "x"] == lines.index("x = 1") + 1
    assert ("not",) not in {path[-1:] for path in found}
    assert ("nor",) not in {path[:1] for path in found}


def _paths(tree: object, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    if isinstance(tree, list):
        return {found for each in tree for found in _paths(each, path)}
    if not isinstance(tree, dict):
        return set()
    below = {found for name, each in tree.items() for found in _paths(each, (*path, name))}
    return below | {(*path, name) for name in tree}


_WORDS = st.sampled_from(["a", "b-1", '"q.d"', "'s k'"])
_VALUES = st.sampled_from(
    [
        "1",
        '"x # \\" ]"',
        "'''a\n[b]\nc = 1'''",
        '"""\\"""x"""',
        "[1, [2], # c\n]",
        "{ k = 1, l.m = [{n = 2}] }",
        "07:32:00",
    ]
)


@given(st.lists(st.tuples(_WORDS, _WORDS, _VALUES), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_what_the_parser_reads_has_a_line(pairs: list[tuple[str, str, str]], newline: str) -> None:
    lines = [
        line
        for number, (table, key, value) in enumerate(pairs)
        for line in (f"[t{number}.{table}]", f"{key} . x={value}")
    ]
    text = newline.join(lines)
    assert set(positions(text)) == _paths(tomllib.loads(text))
