"use strict";
// ready makes what is within an element live; it is called again for sections that were replaced.
function ready(root) {
  root.querySelectorAll(".film").forEach(readyFilm);
  root.querySelectorAll("figure.plot").forEach(readyChart);
  root.querySelectorAll(".epochs").forEach(readyTable);
}

function readyFilm(film) {
  const slider = film.querySelector("input"), big = film.querySelector(".now img"), epoch = film.querySelector(".now b");
  const frames = film.querySelectorAll(".strip img"), strip = film.querySelector(".strip");
  const show = i => {
    big.src = frames[i].src;
    epoch.textContent = frames[i].dataset.epoch;
    slider.setAttribute("aria-valuetext", "epoch " + frames[i].dataset.epoch);
    frames.forEach((f, k) => f.classList.toggle("on", k == i));
  };
  slider.hidden = strip.hidden = frames.length < 2;
  slider.addEventListener("input", () => show(slider.value));
  frames.forEach((f, k) => f.addEventListener("click", () => { slider.value = k; show(k); }));
  show(frames.length - 1);
  strip.scrollLeft = strip.scrollWidth;
}

// An axis as the drawing has it: data-x and data-y hold the places of its ends, their values, and 1 for a logarithm.
function axisOf(text) {
  const [p0, p1, v0, v1, log] = text.split(" ").map(Number);
  const f = log ? Math.log : v => v;
  return v => p0 + (p1 - p0) * (f(v) - f(v0)) / (f(v1) - f(v0));
}

function shown(v) {
  if (typeof v == "string") return v;
  return String(Number(v.toPrecision(4))).replace(/-/g, "−");
}

// Values of a chart: under the pointer, and by the arrow keys on the line of text below it.
function readyChart(figure) {
  const source = figure.querySelector("script"), out = figure.querySelector(".readout");
  if (!source || !out) return;
  const data = JSON.parse(source.textContent), svgs = [...figure.querySelectorAll("svg.chart")];
  let xs = new Set(), last = [];
  for (const line of data.lines) {
    last = line.x = line.x || last;
    line.at = new Map(line.x.map((x, i) => [x, line.y[i]]));
    line.x.forEach((x, i) => { if (line.y[i] !== null) xs.add(x); });
  }
  xs = [...xs].sort((a, b) => a - b);
  if (xs.length == 0) return;
  let at = xs.length - 1;
  const show = (i, mark) => {
    at = Math.min(Math.max(i, 0), xs.length - 1);
    const x = xs[at], known = data.lines.filter(l => l.at.has(x) && l.at.get(x) !== null);
    const one = data.lines.length == 1;
    out.textContent = data.x + " " + shown(x) + ": " + known.map(l => (one ? "" : l.name + " ") + shown(l.at.get(x))).join(" · ") + " " + (data.unit || "").replace(", logarithmic", "");
    out.setAttribute("aria-valuenow", x);
    out.setAttribute("aria-valuetext", out.textContent);
    for (const svg of svgs) {
      svg.querySelector(".cursor")?.remove();
      if (!mark) continue;
      const fx = axisOf(svg.dataset.x), fy = axisOf(svg.dataset.y), g = document.createElementNS(svg.namespaceURI, "g");
      const [low, high] = svg.dataset.y.split(" ").map(Number);
      g.setAttribute("class", "cursor");
      const add = (name, attributes) => {
        const e = document.createElementNS(svg.namespaceURI, name);
        for (const key in attributes) e.setAttribute(key, attributes[key]);
        g.append(e);
      };
      add("line", { x1: fx(x), x2: fx(x), y1: high, y2: low });
      for (const l of known) {
        const y = fy(l.at.get(x));
        if (typeof l.at.get(x) == "number" && y <= low + 1 && y >= high - 1) add("circle", { cx: fx(x), cy: y, r: 4, class: "c" + l.style + " dot" });
      }
      svg.append(g);
    }
  };
  out.hidden = false;
  out.tabIndex = 0;
  out.setAttribute("role", "slider");
  out.setAttribute("aria-label", "values in the chart " + figure.querySelector("h2").textContent + "; arrow keys choose the " + data.x);
  out.setAttribute("aria-valuemin", xs[0]);
  out.setAttribute("aria-valuemax", xs[xs.length - 1]);
  show(at, false);
  for (const svg of svgs) {
    svg.addEventListener("pointermove", e => {
      const box = svg.getBoundingClientRect(), x = (e.clientX - box.left) / box.width * svg.viewBox.baseVal.width, f = axisOf(svg.dataset.x);
      let best = 0;
      xs.forEach((v, i) => { if (Math.abs(f(v) - x) < Math.abs(f(xs[best]) - x)) best = i; });
      show(best, true);
    });
    svg.addEventListener("pointerleave", () => show(xs.length - 1, false));
  }
  out.addEventListener("keydown", e => {
    const step = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: xs.length - 1, PageUp: at - 10, PageDown: at + 10 }[e.key];
    if (step === undefined) return;
    e.preventDefault();
    show(step, true);
  });
  out.addEventListener("focus", () => show(at, true));
  out.addEventListener("blur", () => show(xs.length - 1, false));
}

// The table of epochs can be copied as tab-separated text, which spreadsheets take.
function readyTable(part) {
  const button = part.querySelector(".copy"), said = part.querySelector(".said");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = [...part.querySelectorAll("tr")].map(row => [...row.cells].map(c => c.textContent).join("\t")).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(part.querySelector("table"));
      said.textContent = "Selected: copy it with the keyboard.";
    }
  });
}

ready(document);
