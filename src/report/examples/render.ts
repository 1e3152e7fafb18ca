import { createHash } from 'node:crypto';
import { visible } from '../../one-line.js';
import type { OutputFile } from '../../suites/renderer.js';
import type { Results } from '../../suites/results.js';
import { uniqueSlugs } from '../names.js';
import { loadExamplePage } from '../templates.js';
import { type Facts, factsOf } from './facts.js';
import { rowParts } from './row-parts.js';
import { readExamples, type ViewedDataset } from './rows.js';
import type { ViewedSheet } from './sheet-rows.js';
import { imagesOf, type Sprite, spriteOf } from './sprites.js';

/** The page of examples, and the folder of what it loads. */
export const EXAMPLES_PAGE = 'examples.html';
const PARTS = 'viewer';
/** Examples in a part. */
const PART = 200;

/** What the page has from the start. */
interface Contents {
  title: string;
  systems: string[];
  sheets: (ViewedSheet & { title: string })[];
  datasets: {
    name: string;
    classes: string[];
    file: string;
    parts: number;
    pictures: number;
    n: number;
    cut: boolean;
  }[];
}

/**
 * `examples.html`, for every example what the sheets say of it and its images, and below `viewer/` what the page loads when
 * it is needed: scripts that hand over data, since pages in files may not read other files. One by one: images of ten
 * thousand examples are some hundred MB. No file where a run has no sheets. Errors: those of the sheets and arrays below
 * `examples/`.
 */
export async function* renderExamples(results: Results, directory: string): AsyncGenerator<OutputFile> {
  const { sheets, datasets } = await readExamples(directory);
  if (datasets.length === 0) return;
  const slug = uniqueSlugs();
  const contents: Contents = {
    title: results.title,
    systems: results.systems.map(({ name }) => name),
    sheets: titled(sheets, results),
    datasets: [],
  };
  for (const dataset of datasets) {
    const file = slug(dataset.name);
    const part = (name: string, json: string): OutputFile => ({
      path: `${PARTS}/${file}-${name}.js`,
      content: handedOver(`${file}-${name}`, json),
    });
    const facts: Facts = factsOf(dataset, sheets);
    yield part('facts', JSON.stringify(facts));
    let [parts, pictures] = [0, 0];
    for await (const rows of rowParts(directory, dataset, sheets, PART))
      yield part(`rows-${parts++}`, `"${rows}"`);
    for await (const sprites of spritesOf(directory, dataset, sheets))
      yield part(`pictures-${pictures++}`, JSON.stringify(sprites));
    contents.datasets.push({
      ...{ name: dataset.name, classes: classesOf(results, dataset.name), file, parts },
      ...{ pictures, n: facts.indices.length, cut: dataset.cut },
    });
  }
  const { page, style, script } = await loadExamplePage();
  const hash = createHash('sha256').update(script).digest('base64');
  // `strict-dynamic`: what our script loads may run, wherever the folder lies.
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}' 'strict-dynamic'`;
  const view = { title: visible(results.title), style, script, policy, part: PART };
  const html = page({ ...view, contents: JSON.stringify(contents) });
  yield { path: EXAMPLES_PAGE, content: html };
}

/** Sheets with what readers know them by: the title of the suite whose measures they hold; its name where there is none. */
function titled(sheets: readonly ViewedSheet[], { measures, suites }: Results): Contents['sheets'] {
  const found = sheets.map(({ name }) => {
    const measure = measures.find(({ rows }) => rows?.sheet === `examples/${name}.csv`);
    return suites.find(({ suite }) => suite === measure?.suite)?.title ?? name;
  });
  return sheets.map(({ name, columns }, s) => {
    const title = found[s]!;
    const isOnly = title === name || found.filter((other) => other === title).length === 1;
    return { name, title: isOnly ? title : `${title} (${name})`, columns };
  });
}

/** A script that gives the page a value by name. JSON is JavaScript, and a name is a slug. */
const handedOver = (name: string, json: string): string => `assayPart(${JSON.stringify(name)}, ${json});\n`;

/** Parts of sprites: the k-th has the k-th so many images of every array. */
async function* spritesOf(
  directory: string,
  dataset: ViewedDataset,
  sheets: readonly ViewedSheet[],
): AsyncGenerator<Sprite[]> {
  const { images, close } = await imagesOf(directory, dataset, sheets);
  try {
    const longest = Math.max(0, ...images.map(({ order }) => order.length));
    for (let start = 0; start < longest; start += PART) {
      const some = images.filter(({ order }) => start < order.length);
      yield await Promise.all(
        some.map((one) => spriteOf(one, start, Math.min(start + PART, one.order.length))),
      );
    }
  } finally {
    await close();
  }
}

/** Names of the classes of a data set: its own, or those of the first system. */
function classesOf({ datasets, systems }: Results, name: string): string[] {
  return datasets.find((one) => one.name === name)?.classes ?? systems[0]?.classes ?? [];
}
