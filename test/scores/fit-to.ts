import type { Logits } from '../../src/metrics/softmax.js';
import { scores } from '../../src/scores/registry.js';
import type {
  Features,
  FitPart,
  LastLayer,
  ScoreInputs,
  ScoreOptions,
  Statistics,
} from '../../src/scores/score.js';
import { settledScore } from '../../src/suites/chosen-scores.js';

/** What a set of images says, whole. */
export interface Seen {
  features: Features & { data: Float64Array };
  logits?: Logits & { data: Float64Array };
  logPx?: Float64Array;
  labels?: Int32Array;
}

/** In parts of some size, from the start each time. */
const inParts = (seen: Seen, size: number): AsyncIterable<FitPart> => ({
  async *[Symbol.asyncIterator]() {
    const { features, logits, logPx, labels } = seen;
    for (let start = 0; start < features.n; start += size) {
      const end = Math.min(features.n, start + size);
      const cut = <T extends { n: number; data: Float64Array }>(of: T, width: number): T => ({
        ...of,
        n: end - start,
        data: of.data.slice(start * width, end * width),
      });
      yield {
        features: cut(features, features.width),
        ...(logits && { logits: cut(logits, logits.classes) }),
        ...(logPx && { logPx: logPx.slice(start, end) }),
        labels: labels?.slice(start, end) ?? new Int32Array(0),
      };
    }
  },
});

export interface FitSetting {
  classes: number;
  lastLayer?: LastLayer;
  seed?: number;
  /** Images of a part. */
  part?: number;
}

/** What a score is fitted to; nothing where it is not fitted. */
export async function fitTo(
  id: string,
  train: Seen,
  { classes, lastLayer, seed = 0, part = 17 }: FitSetting,
  given: ScoreOptions = {},
): Promise<Statistics | undefined> {
  const row = scores.named(id);
  const { width, n } = train.features;
  return row.fit?.statistics(
    inParts(train, part),
    { width, classes, images: n, seed, ...(lastLayer && { lastLayer }) },
    settledScore(row, given),
  );
}

/** A score of every image of a set. */
export function scoreOf(id: string, inputs: Omit<ScoreInputs, 'n'>, given: ScoreOptions = {}) {
  const row = scores.named(id);
  const n = inputs.features?.n ?? inputs.logits?.n ?? 0;
  return row.compute({ n, ...inputs }, settledScore(row, given));
}
