// Progressive enhancement: everything in the report can be read without this.
(() => {
  const root = document.documentElement;

  // Theme: follows the system until the reader chooses; the choice is kept where storage is allowed.
  const stored = () => {
    try {
      return localStorage.getItem('assay-theme');
    } catch {
      return null;
    }
  };
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const remembered = stored();
  if (remembered === 'light' || remembered === 'dark') root.dataset.theme = remembered;
  const toggle = document.createElement('button');
  toggle.type = 'button';
  toggle.className = 'theme';
  const label = () => {
    toggle.textContent = isDark() ? 'Light' : 'Dark';
    toggle.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`);
  };
  toggle.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    try {
      localStorage.setItem('assay-theme', root.dataset.theme);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    label();
  });
  label();
  document.querySelector('.brand')?.append(toggle);

  // Tables: a click on a heading sorts by it, another click the other way. Undefined values stay last.
  const cellValue = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const number = Number(text.replaceAll('\u2009', '').replace('\u2212', '-').replace(/%$/, ''));
    return text === '' || text === '–' ? null : Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
  for (const table of document.querySelectorAll('table.sortable')) {
    const headings = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    const body = table.tBodies[0];
    if (body.rows.length < 2) continue;
    headings.forEach((heading, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'sort';
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener('click', () => {
        const direction = heading.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
        for (const other of headings) other.removeAttribute('aria-sort');
        heading.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
        const rows = [...body.rows].map((row) => ({ row, value: cellValue(row, column) }));
        rows.sort((a, b) =>
          a.value === null || b.value === null
            ? Number(a.value === null) - Number(b.value === null)
            : direction * compare(a.value, b.value),
        );
        body.append(...rows.map(({ row }) => row));
      });
    });
  }

  // Contents: mark the section being read.
  const links = new Map(
    [...document.querySelectorAll('.contents a')].map((link) => [link.getAttribute('href').slice(1), link]),
  );
  const visible = new Set();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) visible.add(target.id);
        else visible.delete(target.id);
      }
      const current = [...links.keys()].find((id) => visible.has(id));
      for (const [id, link] of links) {
        if (id === current) link.setAttribute('aria-current', 'true');
        else link.removeAttribute('aria-current');
      }
    },
    { rootMargin: '-10% 0px -70% 0px' },
  );
  for (const id of links.keys()) {
    const section = document.getElementById(id);
    if (section) observer.observe(section);
  }

  // On paper nothing can be opened: unfold what belongs there.
  const folded = [];
  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details.print-open:not([open])')) {
      details.open = true;
      folded.push(details);
    }
  });
  addEventListener('afterprint', () => {
    for (const details of folded.splice(0)) details.open = false;
  });
})();
