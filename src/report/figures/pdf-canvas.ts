import type PDFDocument from 'pdfkit';

type Matrix = [number, number, number, number, number, number];
type Document = InstanceType<typeof PDFDocument>;
type Paint = string | Gradient;

/** A segment of a path, in the coordinates of the page. */
type Segment =
  | ['M', number, number]
  | ['L', number, number]
  | ['C', number, number, number, number, number, number]
  | ['Z'];

/**
 * As much of a canvas's 2D context as Vega draws with, on a page of a PDF: shapes stay shapes and text stays text. Paths are
 * kept in the coordinates of the page, since a canvas may change its own between drawing a path and filling it.
 */
export class PdfCanvas {
  fillStyle: Paint = '#000';
  strokeStyle: Paint = '#000';
  globalAlpha = 1;
  lineWidth = 1;
  lineCap: 'butt' | 'round' | 'square' = 'butt';
  lineJoin: 'miter' | 'round' | 'bevel' = 'miter';
  miterLimit = 10;
  lineDashOffset = 0;
  font = '11px sans-serif';
  textAlign: 'left' | 'center' | 'right' | 'start' | 'end' = 'left';
  textBaseline = 'alphabetic';
  readonly pixelRatio = 1;
  private dash: readonly number[] = [];
  private matrix: Matrix = [1, 0, 0, 1, 0, 0];
  private path: Segment[] = [];
  private readonly saved: object[] = [];

  constructor(private readonly document: Document) {}

  save(): void {
    const { document: _, saved: __, ...state } = this as unknown as Record<string, unknown>;
    this.saved.push({ ...state, path: this.path });
    this.document.save();
  }

  restore(): void {
    const state = this.saved.pop();
    if (!state) return;
    Object.assign(this, state);
    this.document.restore();
  }

  transform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    const [A, B, C, D, E, F] = this.matrix;
    this.matrix = [
      A * a + C * b,
      B * a + D * b,
      A * c + C * d,
      B * c + D * d,
      A * e + C * f + E,
      B * e + D * f + F,
    ];
  }

  setTransform(...matrix: Matrix): void {
    this.matrix = matrix;
  }

  translate(x: number, y: number): void {
    this.transform(1, 0, 0, 1, x, y);
  }

  scale(x: number, y: number): void {
    this.transform(x, 0, 0, y, 0, 0);
  }

  rotate(angle: number): void {
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.transform(cos, sin, -sin, cos, 0, 0);
  }

  setLineDash(dash: readonly number[]): void {
    this.dash = dash;
  }

  beginPath(): void {
    this.path = [];
  }

  closePath(): void {
    if (this.path.length > 0) this.path.push(['Z']);
  }

  moveTo(x: number, y: number): void {
    this.path.push(['M', ...this.at(x, y)]);
  }

  lineTo(x: number, y: number): void {
    const at = this.at(x, y);
    this.path.push(this.path.length > 0 ? ['L', ...at] : ['M', ...at]);
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.path.push(['C', ...this.at(x1, y1), ...this.at(x2, y2), ...this.at(x, y)]);
  }

  quadraticCurveTo(x1: number, y1: number, x: number, y: number): void {
    const last = this.path.findLast((segment) => segment.length > 1)?.slice(-2) as
      | [number, number]
      | undefined;
    const [cx, cy] = this.at(x1, y1);
    const [ex, ey] = this.at(x, y);
    const [sx, sy] = last ?? [cx, cy];
    const third = (from: number, control: number) => from + (2 / 3) * (control - from);
    this.path.push(['C', third(sx, cx), third(sy, cy), third(ex, cx), third(ey, cy), ex, ey]);
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.moveTo(x, y);
    this.lineTo(x + width, y);
    this.lineTo(x + width, y + height);
    this.lineTo(x, y + height);
    this.closePath();
  }

  /** By curves of at most a quarter turn, which are off by 0.03 % of the radius. */
  arc(x: number, y: number, radius: number, from: number, to: number, anticlockwise = false): void {
    const turn = 2 * Math.PI;
    let sweep = to - from;
    if (anticlockwise)
      sweep = sweep <= -turn ? -turn : sweep > 0 ? sweep - turn * Math.ceil(sweep / turn) : sweep;
    else sweep = sweep >= turn ? turn : sweep < 0 ? sweep + turn * Math.ceil(-sweep / turn) : sweep;
    const pieces = Math.max(1, Math.ceil(Math.abs(sweep) / (Math.PI / 2) - 1e-9));
    const step = sweep / pieces;
    const k = (4 / 3) * Math.tan(step / 4) * radius;
    this.lineTo(x + radius * Math.cos(from), y + radius * Math.sin(from));
    for (let i = 0; i < pieces; i++) {
      const [a, b] = [from + i * step, from + (i + 1) * step];
      const [ax, ay] = [x + radius * Math.cos(a), y + radius * Math.sin(a)];
      const [bx, by] = [x + radius * Math.cos(b), y + radius * Math.sin(b)];
      this.bezierCurveTo(
        ax - k * Math.sin(a),
        ay + k * Math.cos(a),
        bx + k * Math.sin(b),
        by - k * Math.cos(b),
        bx,
        by,
      );
    }
  }

  clip(): void {
    this.trace();
    this.document.clip();
  }

  fill(): void {
    this.paint(this.fillStyle, (color, opacity) => {
      this.trace();
      this.document.fillColor(color, opacity).fill();
    });
  }

  stroke(): void {
    this.paint(this.strokeStyle, (color, opacity) => {
      this.trace();
      const { document } = this;
      document
        .lineWidth(this.lineWidth)
        .lineCap(this.lineCap)
        .lineJoin(this.lineJoin)
        .miterLimit(this.miterLimit);
      // PDF wants lengths above 0; the types of pdfkit know only one.
      const dash = this.dash.map((length) => Math.max(length, 1e-3)) as unknown as number;
      if (this.dash.some((length) => length > 0)) document.dash(dash, { phase: this.lineDashOffset });
      else document.undash();
      document.strokeColor(color, opacity).stroke();
    });
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const { path } = this;
    this.beginPath();
    this.rect(x, y, width, height);
    this.fill();
    this.path = path;
  }

  clearRect(): void {}

  fillText(text: string, x: number, y: number): void {
    const { document } = this;
    this.paint(this.fillStyle, (color, opacity) => {
      this.useFont();
      const width = document.widthOfString(text);
      const shift = { left: 0, start: 0, center: width / 2, right: width, end: width }[this.textAlign];
      document.save();
      document.transform(...this.matrix);
      document
        .fillColor(color, opacity)
        .text(text, x - shift, y, { lineBreak: false, baseline: 'alphabetic' });
      document.restore();
    });
  }

  strokeText(): void {}

  measureText(text: string): { width: number } {
    this.useFont();
    return { width: this.document.widthOfString(text) };
  }

  createLinearGradient(x1: number, y1: number, x2: number, y2: number): Gradient {
    return new Gradient(this.document.linearGradient(...this.at(x1, y1), ...this.at(x2, y2)));
  }

  createRadialGradient(x1: number, y1: number, r1: number, x2: number, y2: number, r2: number): Gradient {
    return new Gradient(this.document.radialGradient(...this.at(x1, y1), r1, ...this.at(x2, y2), r2));
  }

  private at(x: number, y: number): [number, number] {
    const [a, b, c, d, e, f] = this.matrix;
    return [a * x + c * y + e, b * x + d * y + f];
  }

  private trace(): void {
    const { document } = this;
    for (const segment of this.path) {
      if (segment[0] === 'M') document.moveTo(segment[1], segment[2]);
      else if (segment[0] === 'L') document.lineTo(segment[1], segment[2]);
      else if (segment[0] === 'Z') document.closePath();
      else {
        const [, x1, y1, x2, y2, x, y] = segment;
        document.bezierCurveTo(x1, y1, x2, y2, x, y);
      }
    }
  }

  /** Paints in a colour as PDF knows it; what is transparent is not painted. */
  private paint(style: Paint, draw: (color: PDFKit.Mixins.ColorValue, opacity: number) => void): void {
    if (style instanceof Gradient) {
      draw(style.gradient, this.globalAlpha);
      return;
    }
    const { color, opacity } = colourOf(style);
    const alpha = opacity * this.globalAlpha;
    if (alpha > 0) draw(color, alpha);
  }

  private useFont(): void {
    const [, size = '11'] = /([\d.]+)px/.exec(this.font) ?? [];
    const bold = /\b(bold|[6-9]00)\b/.test(this.font);
    this.document.font(bold ? 'bold' : 'regular').fontSize(Number(size));
  }
}

class Gradient {
  constructor(readonly gradient: PDFKit.PDFLinearGradient | PDFKit.PDFRadialGradient) {}

  addColorStop(at: number, style: string): void {
    const { color, opacity } = colourOf(style);
    this.gradient.stop(at, color, opacity);
  }
}

/** A colour of CSS as pdfkit takes it: scales of colours give `rgb(78, 88, 187)`. */
function colourOf(style: string): { color: string; opacity: number } {
  if (style === 'transparent') return { color: 'black', opacity: 0 };
  const parts = /^rgba?\(([^)]*)\)$/
    .exec(style)?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  if (!parts) return { color: style, opacity: 1 };
  const hex = parts.slice(0, 3).map((part) => Math.round(part).toString(16).padStart(2, '0'));
  return { color: `#${hex.join('')}`, opacity: parts[3] ?? 1 };
}
