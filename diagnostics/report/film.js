for (const film of document.querySelectorAll(".film")) {
  const slider = film.querySelector("input"), big = film.querySelector(".now img"), epoch = film.querySelector(".now b");
  const frames = film.querySelectorAll(".strip img");
  const show = i => {
    big.src = frames[i].src;
    epoch.textContent = frames[i].dataset.epoch;
    frames.forEach((f, k) => f.classList.toggle("on", k == i));
  };
  slider.hidden = frames.length < 2;
  slider.addEventListener("input", () => show(slider.value));
  frames.forEach((f, k) => f.addEventListener("click", () => { slider.value = k; show(k); }));
  show(frames.length - 1);
  const strip = film.querySelector(".strip");
  strip.scrollLeft = strip.scrollWidth;
}
