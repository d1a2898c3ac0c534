// Sorting and filtering of tables, and everything open on paper. The report is complete without it.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const number = (text) => {
    const match = text.replace(/[<>]/g, "").match(/-?\d+(\.\d+)?/);
    return match ? parseFloat(match[0]) : null;
  };
  const heads = [...table.querySelectorAll("thead th")];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => row.cells[column].textContent.trim();
      const numeric = head.classList.contains("number");
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [text(a), text(b)];
        if (!numeric) return down ? y.localeCompare(x) : x.localeCompare(y);
        const [p, q] = [number(x), number(y)];
        if (p === null || q === null) return (p === null) - (q === null); // unknown comes last, either way
        return down ? q - p : p - q;
      });
      body.append(...rows);
    });
  });
  if (body.rows.length > 12) {
    const label = document.createElement("label");
    label.className = "filter";
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = "Filter these rows";
    input.setAttribute("aria-label", "Filter the rows of this table");
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    });
    label.append(input);
    table.parentElement.before(label);
  }
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((box) => (box.open = true)));
