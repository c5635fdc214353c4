// The page reads well without this: it adds the filter, and opens what a link points at.
(() => {
  const filter = document.querySelector(".filter");
  const runs = document.querySelectorAll(".run");
  filter.hidden = false;
  const show = (outcome) => {
    for (const button of filter.children) button.setAttribute("aria-pressed", String(button.value === outcome));
    for (const run of runs) run.hidden = outcome !== "all" && run.dataset.outcome !== outcome;
  };
  filter.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) show(button.value);
  });
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let part = target; part; part = part.parentElement) {
      if (part.hidden) show("all");
      if (part.tagName === "DETAILS") part.open = true;
    }
    target.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
