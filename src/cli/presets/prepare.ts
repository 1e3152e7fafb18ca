import { join } from 'node:path';
import { parse } from 'yaml';
import type { Limits } from '../../engines/guard/limits.js';
import { AssayError } from '../../errors.js';
import type { Fetching } from '../../fetch/remote.js';
import type { ModelCard } from '../../models/card/card.js';
import { readCardAlone } from '../../models/card/read-card.js';
import type { RunFile } from '../../runs/asked/run-file.js';
import { draftsFor } from '../starting/card-drafts.js';
import { placeFrom } from '../starting/place-from.js';
import { findData } from './find-data.js';
import { writeOwn, writeSame } from './own-file.js';
import { type OwnSize, ownSizeOf } from './own-size.js';
import { type FoundSet, isPhotographs, type Preset } from './preset.js';
import { presets } from './registry.js';

/** What `--preset` is given. */
export interface PresetRequest {
  preset: string;
  /** A checkpoint, or a model card. */
  checkpoint: string;
  /** The folder with the data sets. */
  data: string;
  /** Where the run file is written. */
  directory: string;
  limit?: number | undefined;
  limits: Partial<Limits>;
  /** For whoever waits for a checkpoint that is fetched, which it is where its card does not say enough. */
  tell?: Fetching['tell'];
}

/** What was written, and what to tell of it. */
export interface Prepared {
  run: string;
  /** The only engine that runs the checkpoint. */
  engine?: string | undefined;
  /** Lines: what was found, and what is missing. */
  told: string[];
  /** The suites as `--limit` has them. */
  short: RunFile['suites'];
}

/** A limit at which what is expensive is as short as it gets without being of fewer images. */
const FEW = 20;

/**
 * Writes the run file of a protocol for a checkpoint and a folder of data, and a model card where it has none. Files
 * that somebody has edited since are left alone.
 * Errors: `unknown-name`, `data-invalid`, `output-unwritable`; those of reading a checkpoint or a card.
 */
export async function prepare(request: PresetRequest): Promise<Prepared> {
  const preset = presets.named(request.preset);
  const { directory, data, limit } = request;
  const place = (file: string) => placeFrom(directory, file);
  const { found, missing, models, missingModels, others } = await findData(data, preset, place);
  const model = await modelOf(request);
  if (model.card.classes === undefined)
    throw new AssayError('config-invalid', `${preset.title} is for classifiers`, {
      file: request.checkpoint,
      expected: 'a model with logits',
      found: 'an energy alone: its card has no `classes`',
      hint: 'of an energy model, the suites `ood` and `energy` measure what it knows',
    });
  const beside = await Promise.all(
    models.map(async ({ wanted, file }) => {
      const { name } = (await readCardAlone(file)).card;
      if (name !== model.card.name) return [wanted.name, { name, card: place(file) }] as const;
      throw new AssayError('config-invalid', `the ${wanted.name} has the name of the model`, {
        file,
        path: 'name',
        expected: `another name than "${name}"`,
        found: `"${name}"`,
        hint: 'rename it in its card',
      });
    }),
  );
  const own = await ownSize(preset, found, model, directory);
  const { larger } = own ?? {};
  const site = {
    model: {
      name: model.card.name,
      card: model.file,
      inputScale: scaleOf(model.card),
      shape: model.card.input.shape,
    },
    found,
    missing,
    models: Object.fromEntries(beside),
    ...(own &&
      larger && {
        larger: { ...larger, set: own.set.name, shorter: Math.min(...model.card.input.shape.slice(1)) },
      }),
    ...(model.engine && {
      onceOnly: `the engine ${model.engine} differentiates this network by itself, and once only`,
    }),
  };
  const text = preset.text({ ...site, limit });
  const run = join(directory, `${preset.name}.run.yaml`);
  const cards = [...model.written, ...(larger ? [[join(directory, larger.card), larger.text] as const] : [])];
  for (const [file, content] of cards) await writeSame(file, content);
  await writeOwn(run, text);
  const told = [
    `${preset.title}: ${run}`,
    ...found.map(({ name, entry }) => `  found    ${name}: ${entry.path}`),
    ...beside.map(([name, { card }]) => `  found    ${name}: ${card}`),
    ...(own ? [toldSize(own, model.card)] : []),
    ...[...missing, ...missingModels].map(
      ({ name, told: what }) => `! missing  ${name}: put into ${data}: ${what}`,
    ),
    ...(others.length > 0 ? [`  not used ${others.join(', ')}`] : []),
  ];
  return {
    run,
    engine: model.engine,
    told,
    short: parse(preset.text({ ...site, limit: FEW })).suites,
  };
}

/** Of the first set of photographs whose proportions are not those of the network's images. */
async function ownSize(
  { data }: Preset,
  sets: readonly FoundSet[],
  { card, locate }: Model,
  directory: string,
): Promise<OwnSize | undefined> {
  if (card.input.shape.length !== 3) return undefined;
  for (const set of sets)
    if (isPhotographs(data, set)) {
      const own = await ownSizeOf(set, { card, locate }, directory);
      if (own) return own;
    }
  return undefined;
}

function toldSize({ set: { name }, size, larger }: OwnSize, { input: { shape } }: ModelCard): string {
  const [height, width] = shape.slice(1);
  const [own, scaled] = [`${size[0]} x ${size[1]}`, `${height} x ${width}`];
  return larger
    ? `  sizes    ${name}: ${own} as the public code has it, for ${larger.card}; and ${scaled}`
    : `! scaled   ${name}: to ${scaled}; the public code shows the network ${own}, which this checkpoint does not take, so that its numbers are of other images`;
}

interface Model {
  card: ModelCard;
  /** Where its checkpoint lies; it is fetched for that, where the card names an address. */
  locate(): Promise<string>;
  /** Where the card lies, as the run file says it. */
  file: string;
  /** What is to be written of it. */
  written: (readonly [file: string, text: string])[];
  engine?: string | undefined;
}

async function modelOf({ checkpoint, directory, limits, tell }: PresetRequest): Promise<Model> {
  if (/\.(ya?ml|json)$/i.test(checkpoint)) {
    const { card, locate } = await readCardAlone(checkpoint);
    return { card, locate: () => locate({ tell }), file: placeFrom(directory, checkpoint), written: [] };
  }
  const { name, text, engine } = (await draftsFor([checkpoint], directory, limits))[0]!;
  const file = `${name}.model.yaml`;
  return {
    card: parse(text),
    locate: async () => checkpoint,
    file: `./${file}`,
    written: [[join(directory, file), text]],
    engine,
  };
}

/** d(model input) / d(pixel), the mean over channels. */
function scaleOf({ input: { range = [0, 1], std } }: ModelCard): number {
  if (std === undefined) return range[1]! - range[0]!;
  const each = Array.isArray(std) ? std : [std];
  return each.reduce((sum, one) => sum + 1 / one, 0) / each.length;
}
