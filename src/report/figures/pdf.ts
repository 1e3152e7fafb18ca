import { createRequire } from 'node:module';
import PDFDocument from 'pdfkit';
import type { View } from 'vega';
import { PdfCanvas } from './pdf-canvas.js';

const fonts = createRequire(import.meta.url);
const fontFile = (name: string) => fonts.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`);

/**
 * A view as a PDF of one page of its size, in points for pixels. Text is text, in DejaVu Sans, which has Latin, Greek,
 * Cyrillic and mathematical signs; others are drawn as boxes.
 * @param created the date in the file, so that the same results give the same file
 */
export async function renderPdf(
  view: View,
  size: readonly [number, number],
  title: string,
  created: Date,
): Promise<Uint8Array> {
  const document = new PDFDocument({
    size: [...size],
    margin: 0,
    info: { Title: title, Creator: 'Assay', Producer: 'Assay', CreationDate: created },
  });
  const chunks: Buffer[] = [];
  const finished = new Promise<void>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', resolve);
    document.on('error', reject);
  });
  document.registerFont('regular', fontFile('DejaVuSans'));
  document.registerFont('bold', fontFile('DejaVuSans-Bold'));
  await view.toCanvas(1, { externalContext: new PdfCanvas(document) });
  document.end();
  await finished;
  return Buffer.concat(chunks);
}
