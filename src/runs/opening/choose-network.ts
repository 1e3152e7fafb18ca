import type { ArchitectureChoice } from '../../architectures/architecture.js';
import { Undecided } from '../../architectures/undecided.js';
import { flow } from '../../config/flow.js';
import { checkCompatible } from '../../data/compatibility.js';
import type { Dataset } from '../../data/dataset.js';
import type { Engine } from '../../engines/engine.js';
import { AssayError } from '../../errors.js';
import type { Note } from '../../graph/graph.js';
import type { ReadCard } from '../../models/card/read-card.js';
import { NotFinite } from '../../models/finite.js';
import type { Model } from '../../models/model.js';
import { type OpenOptions, openCard } from '../../models/open.js';
import { type AccuracyRace, judgedOn, type Measured, race } from './accuracy-race.js';
import { datasetFor } from './expectations.js';

/** What a model is opened with. */
export interface ChoiceContext {
  datasets: ReadonlyMap<string, Dataset>;
  /** Names of data sets that are a part of the whole that cards speak of. */
  partial: ReadonlySet<string>;
  /** The run file. */
  file: string;
  /** What cards may name. Default: what comes with Assay. */
  checkpointFormats?: OpenOptions['checkpointFormats'];
  architectures?: OpenOptions['architectures'];
  losses?: OpenOptions['losses'];
}

/** A model, and what was chosen of what its card leaves open: the `architecture` to open it with again. */
export interface OpenedModel {
  model: Model;
  chosen?: Choice;
}

export interface Choice {
  architecture: ArchitectureChoice;
  notes: readonly Note[];
}

/** Settings that are tried at most; each is opened and measured by itself. */
const MOST_SETTINGS = 48;

/**
 * Opens a model. Where its card leaves settings open that weights do not tell, and says which accuracy is known, every
 * setting that fits is measured on the data set of the card's `expect`, and the only one that reaches the accuracy is
 * taken.
 * Errors: those of `openCard`; `expectation-missed` where none reaches it, `config-invalid` where several do.
 */
export async function openChosen(
  read: ReadCard,
  engine: Engine,
  context: ChoiceContext,
): Promise<OpenedModel> {
  const [first] = context.datasets.values();
  const { checkpointFormats, architectures, losses } = context;
  const options = { image: first?.info.shape, checkpointFormats, architectures, losses };
  try {
    return { model: await openCard(read, engine, options) };
  } catch (error) {
    const { card, file = context.file } = read;
    if (!(error instanceof Undecided) || !card.expect) throw error;
    const claim = { system: card.name, expect: card.expect, file };
    const dataset = context.datasets.get(datasetFor(claim, context)) as Dataset;
    const judged = judgedOn(dataset, card.expect, context.partial.has(dataset.info.name));
    const found = await tryAll(error, judged, (architecture) =>
      openCard(read, engine, { ...options, architecture }),
    );
    const { setting, note } = theOnlyOne(found, { ...claim, ...error.choices, judged });
    const chosen = { architecture: setting.architecture, notes: [note] };
    return { model: await openCard(read, engine, { ...options, ...chosen }), chosen };
  }
}

/** A setting that was tried. */
interface Tried extends Measured {
  architecture: ArchitectureChoice;
  /** What the card leaves open, as this setting has it. */
  said: string;
}

interface Found {
  tried: Tried[];
  /** Settings that fit beyond those that were tried. */
  untried: number;
}

async function tryAll(
  { candidates, choices }: Undecided,
  judged: AccuracyRace,
  open: (architecture: ArchitectureChoice) => Promise<Model>,
): Promise<Found> {
  const tried: Tried[] = [];
  const chosen = candidates.slice(0, MOST_SETTINGS);
  for (const [i, architecture] of chosen.entries())
    tried.push({
      ...(await measure(architecture, judged, open)),
      architecture,
      said: flow(choices.options[i]),
    });
  return { tried, untried: choices.total - tried.length };
}

/** What fits by size may overflow: it is then not the network that was trained. */
async function measure(
  architecture: ArchitectureChoice,
  judged: AccuracyRace,
  open: (architecture: ArchitectureChoice) => Promise<Model>,
): Promise<Measured> {
  let model: Model | undefined;
  try {
    model = await open(architecture);
    checkCompatible(judged.dataset.info, model.info);
    return await race(model, judged);
  } catch (error) {
    if (!(error instanceof NotFinite)) throw error;
    return { reaches: false, result: error.message };
  } finally {
    await model?.close();
  }
}

interface Claim {
  system: string;
  file: string;
  keys: readonly string[];
  judged: AccuracyRace;
}

function theOnlyOne(
  { tried, untried }: Found,
  { system, file, keys, judged }: Claim,
): { setting: Tried; note: Note } {
  const lines = tried.map(({ said, result }) => `${said}: ${result}`);
  const reaching = tried.filter(({ reaches }) => reaches);
  const open = keys.join(', ');
  const beyond =
    untried > 0 ? `; ${untried > 1000 ? 'many' : untried} more fit, are less usual, and were not tried` : '';
  const [setting] = reaching;
  if (setting && reaching.length === 1)
    return {
      setting,
      note: {
        code: 'network-chosen-by-accuracy',
        severity: untried > 0 ? 'warning' : 'note',
        message: `the card leaves ${open} open; of ${tried.length} settings only ${setting.said} reaches ${judged.wanted}: ${setting.result}. The others: ${lines.filter((_, i) => tried[i] !== setting).join('; ')}${beyond}`,
        why: 'the weights do not tell which network they belong to: say what was found under `architecture` in the model card, if it is right',
      },
    };
  const none = reaching.length === 0;
  throw new AssayError(
    none ? 'expectation-missed' : 'config-invalid',
    none
      ? `no setting of ${open} that fits the weights of "${system}" reaches the accuracy its card expects`
      : `${reaching.length} settings of ${open} fit the weights of "${system}" and reach the accuracy its card expects`,
    {
      file,
      path: none ? 'expect.accuracy' : `architecture.${keys[0]}`,
      expected: `${none ? '' : 'only one with '}${judged.wanted}`,
      found: `${tried.length} settings that were tried${beyond}:`,
      also: lines,
      hint: none
        ? `check the order of the classes, the range or mean and std, and the data set; if the network has other settings, say what is known of them under \`architecture\`: ${open}`
        : `say ${open} under \`architecture\` in the card, as the network's code has them; a smaller \`expect.tolerance\` tells more apart`,
    },
  );
}
