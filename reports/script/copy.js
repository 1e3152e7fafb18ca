// Tables are copied for a sheet, a README or a paper, in the order in which they stand.
/** Pieces of a cell with blanks between them, also where it is not shown. */
function plainText(cell) {
  const pieces = [];
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) pieces.push(texts.currentNode.data);
  return pieces.join(' ').replace(/\s+/g, ' ').trim();
}
const rowsOf = (table) => [headingsOf(table), ...[...table.tBodies[0].rows].map((row) => [...row.cells])];
const latexSigns = {
  '\\': '\\textbackslash{}',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '−': '$-$',
  '–': '--',
  '↑': '$\\uparrow$',
  '↓': '$\\downarrow$',
  '†': '$^\\dagger$',
  '≥': '$\\geq$',
  '≤': '$\\leq$',
  '∞': '$\\infty$',
  '✓': 'yes',
  '✗': 'no',
};
const latexText = (text) =>
  text.replace(/[\\^~−–↑↓†≥≤∞✓✗]|[{}$&#%_]/g, (sign) => latexSigns[sign] ?? `\\${sign}`);
const latexCell = (cell) => {
  const text = latexText(plainText(cell));
  if (cell.querySelector('.value.best')) return `\\textbf{${text}}`;
  return cell.querySelector('.value.second') ? `\\underline{${text}}` : text;
};
/** Spreadsheets take text that begins with one of these for a formula. */
const csvCell = (text) => {
  const safe = /^[=+\-@]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const written = {
  CSV: (table) =>
    rowsOf(table)
      .map((row) => row.map((cell) => csvCell(cell.dataset.sort || plainText(cell))).join(','))
      .join('\n'),
  Markdown: (table) => {
    const lines = rowsOf(table).map((row) => row.map((cell) => plainText(cell).replaceAll('|', '\\|')));
    const rule = headingsOf(table).map((cell) => (cell.classList.contains('number') ? '--:' : '---'));
    return [lines[0], rule, ...lines.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  },
  LaTeX: (table) => {
    const [head, ...body] = rowsOf(table).map((row) => `${row.map(latexCell).join(' & ')} \\\\`);
    const align = headingsOf(table).map((cell) => (cell.classList.contains('number') ? 'r' : 'l'));
    return [
      '% needs \\usepackage{booktabs}',
      `\\begin{tabular}{${align.join('')}}`,
      '\\toprule',
      head,
      '\\midrule',
      ...body,
      '\\bottomrule',
      '\\end{tabular}',
    ].join('\n');
  },
};

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Where pages may not write to the clipboard, a selection may be copied.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

/** A row of buttons, with a word before them. */
function tools(word, buttons) {
  const row = document.createElement('div');
  row.className = 'tools';
  row.append(word, ...buttons);
  return row;
}

onBuilt((part) => {
  for (const table of part.querySelectorAll('table.sortable')) {
    const name = table
      .closest('.scroll')
      .getAttribute('aria-label')
      .replace(/, a table$/, '');
    const buttons = Object.entries(written).map(([format, write]) => {
      const made = button(
        format,
        async () => {
          await copyText(`${write(table)}\n`);
          made.textContent = 'copied';
          setTimeout(() => {
            made.textContent = format;
          }, 1500);
        },
        `Copy as ${format}: ${name}`,
      );
      return made;
    });
    table.closest('.scroll').after(tools('Copy as', buttons));
  }
});
