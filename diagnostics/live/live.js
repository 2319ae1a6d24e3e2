
// The page grows: the server sends the sections that have changed, and how far the runs are.
const connection = document.getElementById("connection"), home = document.getElementById("sections");

function say(text, state) {
  connection.textContent = text;
  connection.className = state;
}

// replace puts new content into a section and keeps what the reader had opened and where the keyboard was.
function replace(section, html) {
  const open = [...section.querySelectorAll("details")].map(d => d.open);
  const places = [...section.querySelectorAll("[tabindex], summary, input, button")];
  const focus = places.indexOf(document.activeElement);
  const scrolls = [...section.querySelectorAll(".scroll")].map(s => s.scrollLeft);
  section.innerHTML = html;
  section.querySelectorAll("details").forEach((d, i) => { d.open = !!open[i]; });
  ready(section);
  section.querySelectorAll(".scroll").forEach((s, i) => { s.scrollLeft = scrolls[i] || 0; });
  if (focus >= 0) section.querySelectorAll("[tabindex], summary, input, button")[focus]?.focus({ preventScroll: true });
}

function apply(change) {
  for (const old of [...home.children]) if (!change.order?.includes(old.id)) old.remove();
  (change.order || []).forEach((id, i) => {
    let section = document.getElementById(id);
    if (!section) {
      section = document.createElement("div");
      section.id = id;
    }
    if (home.children[i] !== section) home.insertBefore(section, home.children[i] || null);
    if (id in change.changed) replace(section, change.changed[id]);
  });
  document.getElementById("trouble").textContent = change.trouble;
}

function showProgress(list) {
  const at = document.getElementById("progress");
  const rows = [...at.children].filter(row => row.querySelector("progress"));
  if (rows.length != (list || []).length) {
    at.replaceChildren(...(list || []).map(() => {
      const row = document.createElement("li");
      row.append(document.createElement("b"), " ", document.createElement("progress"), " ", document.createElement("span"));
      return row;
    }));
    if (!list?.length) at.append(Object.assign(document.createElement("li"), { textContent: "No run has begun in the folders watched." }));
  }
  (list || []).forEach((p, i) => {
    const [name, bar, text] = at.children[i].children;
    name.textContent = p.name;
    bar.max = 1;
    bar.value = p.share;
    text.textContent = p.text;
  });
  if (list?.length == 1) document.title = Math.floor(100 * list[0].share) + " % " + list[0].name;
}

const events = new EventSource("/events");
events.addEventListener("open", () => say("Live: the curves grow after each epoch.", ""));
events.addEventListener("sections", e => apply(JSON.parse(e.data)));
events.addEventListener("progress", e => showProgress(JSON.parse(e.data)));
events.addEventListener("end", () => {
  events.close();
  say("The program that showed this page has ended; this is the last state.", "ended");
});
events.addEventListener("error", () => {
  if (events.readyState != EventSource.CLOSED) say("The connection is lost; this is the last state. Trying again …", "lost");
  else if (connection.className != "ended") say("The connection is lost; this is the last state. Reload the page to try again.", "lost");
});
