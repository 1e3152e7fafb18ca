import type { Warning } from '../../src/suite.js';
import { type Memorisation, NEAR } from './neighbours.js';
import type { Quality } from './quality.js';
import type { SampleSet } from './result.js';
import { percent } from './selection.js';
import { sharesOf } from './shares.js';

/** Real images with much black or white (glyphs, drawings) exist: only an extreme share is told. */
const SATURATED = 0.9;
const ONE_CLASS = 0.9;
const DUPLICATES = 0.1;
/** Fewer samples say nothing of how classes are spread. */
const FEW = 10;

export interface Judged {
  set: SampleSet;
  reference: { name: string; n: number } | undefined;
  qualities: readonly Quality[];
  memorisation: Memorisation | undefined;
}

type Told = Pick<Warning, 'code' | 'severity' | 'message' | 'why' | 'fix'>;

/** What must not be read into numbers of these samples. */
export function setWarnings(suite: string, judged: Judged): Warning[] {
  const { set } = judged;
  const on = { suite, model: set.system.name, dataset: set.dataset };
  return [...ofImages(judged), ...ofFeatures(judged)].map((told) => ({ ...on, ...told }));
}

function ofImages({ set, memorisation }: Judged): Told[] {
  const { name, system, n, own, failed } = set;
  const what = `${name} samples of "${system.name}"`;
  const { saturated, alike } = sharesOf(set);
  const most = own ? largestShare(own.predicted) : undefined;
  // The images of a buffer stay what they are, whatever the options.
  const remedy = (fix: string) => (name === 'buffer' ? {} : { fix });
  const told: (Told | false | undefined)[] = [
    failed > 0 && {
      code: 'samples-not-finite',
      severity: 'warning',
      message: `${failed} of ${n + failed} ${what} are not finite, and left out`,
      why: 'a chain whose gradient or image is not finite has left where the network behaves; the others are those that did not',
      ...remedy('lower `stepSize`, or use `clamp: box`'),
    },
    saturated.value > SATURATED && {
      code: 'samples-saturated',
      severity: 'warning',
      message: `${percent(saturated.value)} of the pixels of ${what} are black or white`,
      why: 'chains that run into the walls of [0, 1] follow a gradient that does not end where images are',
      ...remedy('lower `stepSize` or raise `temperature`'),
    },
    most &&
      name !== 'conditional' &&
      n >= FEW &&
      system.classes.length > 2 &&
      most.share > ONE_CLASS && {
        code: 'samples-collapsed',
        severity: 'warning',
        message: `"${system.name}" takes ${percent(most.share)} of its ${name} samples for "${system.classes[most.at] ?? most.at}"`,
        why: 'chains that all end in one class show one mode of log p(x), not the data',
        ...remedy('more steps or a higher `noise` may reach others; otherwise the energy has collapsed'),
      },
    alike > DUPLICATES * n && {
      code: 'samples-duplicated',
      severity: 'warning',
      message: `${alike} of ${n} ${what} look like another one`,
      why: 'distances and scores count them as different images',
      fix: 'look at the grid: chains that end in the same image show a collapsed energy, or too little noise',
    },
    memorisation?.nearer !== undefined &&
      (memorisation.nearer.interval?.[0] ?? 0) > 2 * NEAR && {
        code: 'samples-near-training',
        severity: 'warning',
        message: `${percent(memorisation.nearer.value)} of the ${what} are nearer to "${memorisation.neighbours.among}" than ${percent(NEAR)} of the real images are`,
        why: 'samples may be training images: look at them beside their neighbours',
      },
  ];
  return told.filter((one) => one !== false && one !== undefined);
}

function ofFeatures({ set, reference, qualities }: Judged): Told[] {
  const { extractor, system, name } = set;
  if (!extractor || qualities.length === 0) return [];
  const width = extractor.features.shape[1]!;
  const drawn = Math.min(...qualities.map(({ selection }) => selection.count));
  const fewest = Math.min(drawn, reference?.n ?? Infinity);
  const needs = [
    ...(drawn <= width
      ? [`more than ${width} samples in every selection (\`${name === 'buffer' ? 'buffer' : 'images'}\`)`]
      : []),
    ...(reference && reference.n <= width
      ? [`more than ${width} images in "${reference.name}", or another \`reference\``]
      : []),
  ];
  const told: (Told | false)[] = [
    extractor.by.name === system.name && {
      code: 'extractor-is-sampler',
      severity: 'serious',
      message: `the ${name} samples of "${system.name}" are judged by its own features`,
      why: 'samples were made to please this network: its features and classes say how well that went, not what they look like',
      fix: 'name another network as `extractor`: a classifier of the run, or an Inception network as ONNX with a model card',
    },
    reference !== undefined &&
      fewest <= width && {
        code: 'features-rank-deficient',
        severity: 'warning',
        message: `the Frechet distance of ${name} samples of "${system.name}" is of ${fewest} image${fewest === 1 ? '' : 's'} in ${width} features of "${extractor.by.name}"`,
        why: 'with no more images than features a covariance has directions without spread, and the distance is mostly bias',
        fix: `it takes ${needs.join(', and ')}; or go by the kernel distance, which is unbiased`,
      },
  ];
  return told.filter((one) => one !== false);
}

function largestShare(classes: Int32Array): { at: number; share: number } | undefined {
  const counts = new Map<number, number>();
  for (const c of classes) counts.set(c, (counts.get(c) ?? 0) + 1);
  const [top] = [...counts].sort((a, b) => b[1] - a[1]);
  return top && { at: top[0], share: top[1] / classes.length };
}
