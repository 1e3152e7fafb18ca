import { basename } from 'node:path';
import type { Engine } from '../../engines/engine.js';
import type { Limits } from '../../engines/guard/limits.js';
import { createEngine } from '../../engines/registry.js';
import type { Inspection } from '../../models/inspect.js';
import { oneLine } from '../../one-line.js';
import { placeFrom } from './place-from.js';
import type { CardDraft } from './starter-files.js';

/** Cards of all checkpoints, each with a name of its own. */
export async function draftsFor(
  checkpoints: readonly string[],
  directory: string,
  limits: Partial<Limits>,
): Promise<CardDraft[]> {
  const engine = await createEngine('ort', { sessions: 1, limits });
  const drafts: CardDraft[] = [];
  try {
    for (const checkpoint of checkpoints) {
      const draft = await draftFor(checkpoint, directory, engine, limits);
      const taken = drafts.map(({ name }) => name.toLowerCase());
      drafts.push(named(draft, taken));
    }
    return drafts;
  } finally {
    await engine.close();
  }
}

/** The same card under a name that is not taken: `model-2`. */
function named(draft: CardDraft, taken: readonly string[]): CardDraft {
  let { name } = draft;
  for (let i = 2; taken.includes(name.toLowerCase()); i++) name = `${draft.name}-${i}`;
  return { ...draft, name, text: draft.text.replace(/^name: .*$/m, `name: ${JSON.stringify(name)}`) };
}

/** A card from what can be read off a checkpoint, with its notes as comments. */
async function draftFor(
  checkpoint: string,
  directory: string,
  engine: Engine,
  limits: Partial<Limits>,
): Promise<CardDraft> {
  const { inspectCheckpoint } = await import('../../models/inspect.js');
  const { card, notes, engine: only, gradient } = await inspectCheckpoint(checkpoint, engine, { limits });
  const placed = card.replace(
    /^checkpoint: .*$/m,
    `checkpoint: ${JSON.stringify(placeFrom(directory, checkpoint))}`,
  );
  const name = /^name: "?([^"\n]+)"?$/m.exec(card)?.[1] ?? 'model';
  const comments = notes.map((note) => `# - ${oneLine(note)}\n`).join('');
  return {
    name,
    ...(only && { engine: only }),
    noGradient: gradientMissing(gradient),
    text: `# Read off ${oneLine(basename(checkpoint))}. What the file cannot tell:\n${comments}${placed}`,
  };
}

/** Why there is no gradient; undefined where there is one, or where a look at the file alone cannot tell. */
function gradientMissing({
  available,
  untried,
  missing,
  because,
}: Inspection['gradient']): string | undefined {
  if (available || untried) return undefined;
  const [first] = missing;
  if (first) return `there is no gradient rule for ${first.op}, at node ${JSON.stringify(first.node)}`;
  return because;
}
