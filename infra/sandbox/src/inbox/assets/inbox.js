// Keeps the inbox page fresh. The server renders everything; this script only fetches the same page again and takes
// over what changed. An open message is left as it stands (its frame, its scroll position, a selection in it); of it,
// only the delivery status is renewed.
const refreshMs = 2_000;
const live = document.querySelector('#live');

const fetchPage = async (href) => {
  const response = await fetch(href, { headers: { accept: 'text/html' } });
  if (!response.ok) throw new Error(`the inbox answered ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), 'text/html');
};

const takeOver = (next, selector) => {
  const here = document.querySelector(selector);
  const there = next.querySelector(selector);
  if (!here || !there || here.innerHTML === there.innerHTML) return;
  const focused = here.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  here.replaceChildren(...document.adoptNode(there).childNodes);
  if (focused) here.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
};

const renewStatus = (next) => {
  const here = document.querySelector('#detail');
  const there = next.querySelector('#detail');
  if (here.dataset.id && here.dataset.id === there.dataset.id) takeOver(next, '#detail .under');
};

const showOpen = (next) => {
  document.querySelector('#detail').replaceWith(document.adoptNode(next.querySelector('#detail')));
  takeOver(next, '#list');
};

const refresh = async () => {
  const { href } = location;
  try {
    const next = await fetchPage(href);
    // Another message was opened while this answer was on its way.
    if (href !== location.href) return;
    takeOver(next, '#list');
    takeOver(next, '#tabs');
    renewStatus(next);
    document.title = next.title;
    live.textContent = 'Live';
    live.className = 'on';
  } catch {
    live.textContent = 'Not reachable, trying again';
    live.className = 'off';
  }
};

const open = async (href) => {
  try {
    showOpen(await fetchPage(href));
  } catch {
    location.href = href;
  }
};

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a.row, a.back');
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.pushState(null, '', link.href);
  void open(link.href);
});
addEventListener('popstate', () => void open(location.href));

const loop = async () => {
  if (!document.hidden) await refresh();
  setTimeout(loop, refreshMs);
};
document.addEventListener('visibilitychange', () => document.hidden || void refresh());
void loop();
