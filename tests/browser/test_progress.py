"""The bar of work under way, in a real browser, without a server of ours."""

from pathlib import Path

from playwright.sync_api import Page, Route

from explorer.ui import progress

HTML = '<div class="le-progress"><span role="status"></span><div role="progressbar"><i></i></div></div>'
MOUNT = """window.over = 0;
mount({ parentElement: document.body, setStateValue: () => { window.over += 1; },
        data: [{ url: "/work", words: "at it", share: 0, identity: "one" }] });"""


def test_answers_that_fail_now_and_then_do_not_end_it(page: Page) -> None:
    asked: list[int] = []

    def answer(route: Route) -> None:
        asked.append(len(asked))
        if len(asked) % 2:
            route.abort()
        else:
            route.fulfill(json={"words": f"{min(len(asked), 20)} asked", "share": 0.5})

    page.route("http://127.0.0.1:9/", lambda route: route.fulfill(content_type="text/html", body=HTML))
    page.route("**/work", answer)
    page.goto("http://127.0.0.1:9/")
    js = Path(progress.__file__).with_suffix(".js").read_text("utf-8").replace("ASKED_EVERY = 400", "ASKED_EVERY = 5")
    page.add_script_tag(type="module", content=js + MOUNT)
    page.get_by_text("20 asked").wait_for()
    assert page.evaluate("window.over") == 0
