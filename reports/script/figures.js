// Plots: what the nearest point says, and files to take away.
/** A line each: where it is, how many letters it shares with the one before, and those that follow. */
const tipsIn = (figure) => {
  let text = '';
  return figure.dataset.tips.split('\n').map((line) => {
    const [, x, y, shared, rest] = line.match(/^(\S+) (\S+) (\d+) (.*)$/);
    text = text.slice(0, Number(shared)) + rest;
    return { x: Number(x), y: Number(y), text };
  });
};

/** How near a point must be, in pixels of the screen. */
const REACH = 40;

function tellValues(figure) {
  const svg = figure.querySelector(':scope > svg');
  let points;
  const tip = document.createElement('div');
  tip.className = 'tip';
  const spot = document.createElement('div');
  spot.className = 'mark';
  const hide = () => {
    tip.remove();
    spot.remove();
  };
  svg.addEventListener('pointermove', (event) => {
    points ??= tipsIn(figure);
    const box = svg.getBoundingClientRect();
    const around = figure.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const place = ({ x, y }) => ({ left: box.left + x * scale, top: box.top + y * scale });
    let nearest;
    let distance = REACH;
    for (const point of points) {
      const { left, top } = place(point);
      const away = Math.hypot(left - event.clientX, top - event.clientY);
      if (away >= distance) continue;
      nearest = point;
      distance = away;
    }
    if (!nearest) return hide();
    const { left, top } = place(nearest);
    tip.textContent = nearest.text;
    figure.append(spot, tip);
    const across = left - around.left + figure.scrollLeft;
    spot.style.left = `${across}px`;
    spot.style.top = `${top - around.top}px`;
    tip.style.top = `${top - around.top + 12}px`;
    const most = figure.scrollLeft + around.width - tip.offsetWidth;
    tip.style.left = `${Math.max(figure.scrollLeft, Math.min(across + 12, most))}px`;
  });
  svg.addEventListener('pointerleave', hide);
}

function download(name, type, content) {
  const link = document.createElement('a');
  link.download = name;
  link.href = content instanceof Blob ? URL.createObjectURL(content) : `data:${type},${content}`;
  link.click();
  if (content instanceof Blob) setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The plot on its own: variables are given their values, and it has its size and ground. */
function standalone(figure) {
  const svg = figure.querySelector(':scope > svg');
  const copy = svg.cloneNode(true);
  const style = getComputedStyle(svg);
  const probe = document.createElement('span');
  document.body.append(probe);
  const resolved = (value) => {
    probe.style.color = value === 'currentColor' ? style.color : value;
    return getComputedStyle(probe).color;
  };
  for (const element of copy.querySelectorAll('*'))
    for (const { name, value } of element.attributes)
      if (/^var\(|^currentColor$/.test(value)) element.setAttribute(name, resolved(value));
  const ground = resolved('var(--page)');
  probe.remove();
  const { width, height } = svg.viewBox.baseVal;
  copy.setAttribute('width', width);
  copy.setAttribute('height', height);
  copy.setAttribute('style', `background:${ground};font-family:sans-serif`);
  return { text: new XMLSerializer().serializeToString(copy), width, height, ground };
}

async function asPng(figure) {
  const { text, width, height, ground } = standalone(figure);
  const picture = new Image();
  picture.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  await picture.decode();
  const canvas = document.createElement('canvas');
  const scale = 3;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const drawing = canvas.getContext('2d');
  drawing.fillStyle = ground;
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done));
}

function numbersOf(figure) {
  const details = figure.querySelector('details.data');
  unfold(details);
  return written.CSV(details.querySelector('table'));
}

const files = {
  SVG: (figure) => new Blob([standalone(figure).text], { type: 'image/svg+xml' }),
  PNG: asPng,
  CSV: (figure) => new Blob([numbersOf(figure), '\n'], { type: 'text/csv' }),
};

onBuilt((part) => {
  for (const figure of part.querySelectorAll('figure.plot')) {
    if (!figure.querySelector(':scope > svg')) continue;
    if (figure.dataset.tips) tellValues(figure);
    const name = figure.querySelector('.title').textContent;
    const made = Object.entries(files)
      .filter(([format]) => format !== 'CSV' || figure.querySelector('details.data'))
      .map(([format, make]) =>
        button(
          format,
          async () => download(`${figure.id}.${format.toLowerCase()}`, '', await make(figure)),
          `Download as ${format}: ${name}`,
        ),
      );
    figure.append(tools('Download', made));
  }
});
