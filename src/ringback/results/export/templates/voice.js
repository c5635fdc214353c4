// Recordings play without this: it lets the picture and the transcript follow, and lets both be clicked.
(() => {
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
  const audios = [];
  for (const player of document.querySelectorAll(".player")) {
    const audio = player.querySelector("audio");
    if (!audio) continue;
    audios.push(audio);
    const call = player.closest(".call");
    const stage = player.querySelector(".stage");
    const scroll = player.querySelector(".scroll");
    const head = player.querySelector(".head");
    const duration = Number(player.dataset.duration);
    const transcript = player.nextElementSibling;
    const lines = [...transcript.querySelectorAll("[data-start]")].map((line) => ({
      line,
      start: Number(line.dataset.start),
      end: Number(line.dataset.end),
    }));
    const follow = () => {
      const left = (audio.currentTime / duration) * stage.offsetWidth;
      if (left < scroll.scrollLeft || left > scroll.scrollLeft + scroll.clientWidth - 24) scroll.scrollLeft = left - 48;
    };
    const show = () => {
      const at = Math.min(audio.currentTime, duration);
      head.hidden = false;
      head.style.left = `${(100 * at) / duration}%`;
      stage.setAttribute("aria-valuenow", at.toFixed(1));
      stage.setAttribute("aria-valuetext", `${clock(at)} of ${clock(duration)}`);
      for (const { line, start, end } of lines) {
        const now = at >= start && at < end;
        if (now === line.classList.contains("now")) continue;
        line.classList.toggle("now", now);
        if (now) line.setAttribute("aria-current", "true");
        else line.removeAttribute("aria-current");
        const place = call.getBoundingClientRect();
        // Whoever reads elsewhere on the page is left there.
        if (now && !audio.paused && place.bottom > 0 && place.top < innerHeight) line.scrollIntoView({ block: "nearest" });
      }
    };
    const seek = (seconds) => {
      audio.currentTime = Math.min(Math.max(seconds, 0), duration);
      show();
      follow();
    };
    const turn = () => {
      show();
      follow();
      if (!audio.paused) requestAnimationFrame(turn);
    };
    audio.addEventListener("play", () => {
      for (const other of audios) if (other !== audio) other.pause();
      player.classList.add("playing");
      turn();
    });
    audio.addEventListener("pause", () => player.classList.remove("playing"));
    for (const event of ["timeupdate", "seeked"]) audio.addEventListener(event, show);

    stage.setAttribute("role", "slider");
    stage.setAttribute("aria-label", `Place in the recording; ${stage.getAttribute("aria-label")}`);
    stage.setAttribute("aria-valuemin", "0");
    stage.setAttribute("aria-valuemax", duration.toFixed(1));
    stage.tabIndex = 0;
    show();
    stage.addEventListener("click", (event) => {
      const box = stage.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * duration);
    });
    const keys = {
      ArrowLeft: () => seek(audio.currentTime - 1),
      ArrowDown: () => seek(audio.currentTime - 1),
      ArrowRight: () => seek(audio.currentTime + 1),
      ArrowUp: () => seek(audio.currentTime + 1),
      PageDown: () => seek(audio.currentTime - 10),
      PageUp: () => seek(audio.currentTime + 10),
      Home: () => seek(0),
      End: () => seek(duration),
      " ": () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()),
    };
    stage.addEventListener("keydown", (event) => {
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      act();
    });
    transcript.addEventListener("click", (event) => {
      const link = event.target.closest(".seek");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      seek(Number(link.closest("[data-start]").dataset.start));
      audio.play().catch(() => {}); // the player itself says what is wrong
    });
  }
})();
