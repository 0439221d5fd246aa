"""Pages told by their marks, a user's file of marks with its guards, and words that only hint."""

import csv
import io

import pytest

from probe.diagnose.fingerprints import OWN, Kind, marks, names_a_law, parse_csv, speaks_of_blocking
from probe.model.observation import HTTPRoundTrip


def page(
    body: str = "", *, title: str = "", status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> HTTPRoundTrip:
    return HTTPRoundTrip(
        transaction_id=1, address="104.16.1.1", port=80, method="GET", url="http://site.example/", body_text=body,
        title=title, status=status, headers=headers,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (page(status=451), "status-451"),
        (page(headers=(("Link", '<https://x/>; rel="blocked-by"'),)), "link-blocked-by"),
        (page(headers=(("CF-Mitigated", "challenge"),)), "cf-mitigated"),
        (page(title="Just a moment..."), "cf-just-a-moment"),
        (page('<iframe src="http://10.10.34.36?type=x">'), "iran-10.10.34"),
        (page("<p>Доступ к сайту ограничен в соответствии с Федеральными законами</p>"), "russia-rkn"),
        (page("5651 sayılı Kanun uyarınca bu siteye erişim engellenmiştir."), "turkey-btk"),
    ],
)
def test_own_marks(seen: HTTPRoundTrip, name: str) -> None:
    assert name in [mark.name for mark in marks(seen)]


@pytest.mark.parametrize(
    "body",
    [
        "Sitemiz 5651 sayılı Kanun uyarınca yer sağlayıcı olarak hizmet vermektedir.",
        "5651 sayılı Kanun uyarınca erişim engelleme kararı verilebilir.",
        'Проверьте сайт в <a href="https://eais.rkn.gov.ru/">реестре</a>.',
        "Halaman trustpositif.kominfo.go.id memuat daftar situs.",
    ],
)
def test_a_page_that_only_names_a_law_or_a_register_carries_no_mark(body: str) -> None:
    assert marks(page(body)) == ()


def test_an_ordinary_page_carries_none() -> None:
    seen = page("<html>A moment of peace, article 451</html>", title="News: Just a moment", headers=(("Link", "</a>"),))
    assert marks(seen) == ()


def test_own_marks_have_unique_names_and_sources() -> None:
    assert len({mark.name for mark in OWN}) == len(OWN)
    assert all(mark.source for mark in OWN)
    assert Kind.GUARD not in {mark.kind for mark in OWN}


FIELDS = ("name", "scope", "other_names", "location_found", "pattern_type", "pattern", "confidence_no_fp",
          "expected_countries", "source", "exp_url", "notes")  # fmt: skip


def file(*rows: tuple[str, str, str, str, str]) -> list[str]:
    """A file in the field's format: name, scope, location, match and pattern of each row."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, restval="")
    writer.writeheader()
    for row in rows:
        names = ("name", "scope", "location_found", "pattern_type", "pattern")
        writer.writerow(dict(zip(names, row, strict=True)))
    return out.getvalue().splitlines()


def test_a_users_file_adds_marks_of_every_location_and_match() -> None:
    found = parse_csv(file(
        ("a", "nat", "body", "contains", "no, \"never\""), ("b", "isp", "header.Server", "full", "Gate"),
        ("c", "nat", "body", "regexp", "b.?locked"), ("d", "nat", "title", "prefix", "Stop"),
        ("e", "nat", "dns", "full", "1.2.3.4"),
    ))  # fmt: skip
    assert [(mark.name, mark.kind) for mark in found] == [(name, Kind.BLOCKPAGE) for name in "abcd"]
    seen = page('we say no, "never"; b-locked', title="Stop here", headers=(("SERVER", "Gate"),))
    assert {mark.name for mark in marks(seen, found)} == set("abcd")
    assert marks(page(headers=(("server", "Gatekeeper"),)), found) == ()


def test_a_guard_takes_every_mark_of_its_page_away() -> None:
    found = parse_csv(file(("a", "nat", "body", "contains", "blocked"), ("fp", "fp", "body", "contains", "a blog")))
    assert [mark.name for mark in marks(page("blocked"), found)] == ["a"]
    assert marks(page("a blog about being blocked"), found) == ()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "^1: the columns"),
        (["name,pattern", "a,b"], "^1: the columns"),
        (file(("a", "nat", "body", "contains", "x"), ("b", "nat", "body", "like", "x")), "^3: pattern_type 'like'"),
        (file(("a", "nat", "body", "regexp", "(")), "^2: pattern is no regular expression"),
    ],
)
def test_mistakes_in_a_users_file_are_told_with_the_line(lines: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_csv(lines)


@pytest.mark.parametrize(
    "text",
    ["This site has been blocked", "access denied", "该网站已被屏蔽", "Доступ ограничен", "erişime engellenmiştir"],
)
def test_words_that_speak_of_blocking(text: str) -> None:
    assert speaks_of_blocking(page(text))
    assert speaks_of_blocking(page(title=text.upper() if text.isascii() else text))


def test_words_that_do_not() -> None:
    assert not speaks_of_blocking(page("building blocks of a block chain", title="Blocks"))
    assert not names_a_law(page("The law of large numbers"))


def test_a_legal_notice_is_told_by_status_link_or_words() -> None:
    assert names_a_law(page(status=451))
    assert names_a_law(page("blocked pursuant to a court order"))
