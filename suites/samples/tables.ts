import { cell, type Table } from '../../src/suite.js';
import type { Distal } from './distal.js';
import type { Memorisation } from './neighbours.js';
import type { Quality } from './quality.js';
import type { SampleSet } from './result.js';
import { sharesOf } from './shares.js';

/** A row for each system, set and selection: what they are compared with stands in the caption. */
export function qualityTable(
  rows: readonly { set: SampleSet; reference: string | undefined; qualities: readonly Quality[] }[],
): Table[] {
  const told = rows.filter(({ qualities }) => qualities.length > 0);
  if (told.length === 0) return [];
  return [
    {
      id: 'samples-quality',
      title: 'Distances and scores of samples',
      caption:
        'In the features of the extractor, so only comparable with values of the same extractor, reference and n. The Frechet distance is biased upwards by about a constant over n: beside it stands that of as many real images, where the reference has three times as many. The kernel distance is not biased. The inception score says nothing of how samples look to people.',
      columns: [
        { key: 'model', title: 'System', format: 'text' },
        { key: 'samples', title: 'samples', format: 'text' },
        { key: 'selection', title: 'selection', format: 'text' },
        { key: 'n', title: 'n', format: 'number' },
        { key: 'extractor', title: 'extractor', format: 'text' },
        { key: 'reference', title: 'compared with', format: 'text' },
        { key: 'frechet', title: 'Frechet distance', format: 'number' },
        { key: 'real', title: 'of real images', format: 'number' },
        { key: 'kernel', title: 'kernel distance', format: 'number' },
        { key: 'inception', title: 'inception score', format: 'number' },
      ],
      rows: told.flatMap(({ set, reference, qualities }) =>
        qualities.map(({ selection, frechet, frechetOfReal, kernel, inception }) => ({
          model: set.system.name,
          samples: set.name,
          selection: selection.label,
          n: selection.count,
          extractor: set.extractor?.by.name ?? '',
          reference: reference ?? '',
          frechet: frechet ? cell(frechet) : null,
          real: frechetOfReal ? cell(frechetOfReal) : null,
          kernel: kernel ? cell(kernel) : null,
          inception: inception ? cell(inception) : null,
        })),
      ),
    },
  ];
}

/** Whether samples look real and real images are reached, where balls around images say so. */
export function fidelityTable(
  rows: readonly { set: SampleSet; reference: { name: string } | undefined; qualities: readonly Quality[] }[],
): Table[] {
  const told = rows.flatMap(({ set, reference, qualities }) =>
    qualities.flatMap(({ selection, fidelity }) =>
      fidelity ? [{ set, reference, selection, fidelity }] : [],
    ),
  );
  if (told.length === 0) return [];
  const percent = { format: 'percent' } as const;
  return [
    {
      id: 'samples-fidelity',
      title: 'Precision, recall, density and coverage',
      caption: `In the features of the extractor; a ball around an image reaches out to its neighbour number ${told[0]!.fidelity.k} in its own set. Precision: samples in a ball of a real image. Density: how many such balls hold a sample, by their mean for images of the real distribution. Recall: real images in a ball of a sample, which samples far apart make easy. Coverage: real images whose ball holds a sample; beside it what as many images of the real distribution cover on average.`,
      folded: true,
      columns: [
        { key: 'model', title: 'System', format: 'text' },
        { key: 'samples', title: 'samples', format: 'text' },
        { key: 'selection', title: 'selection', format: 'text' },
        { key: 'n', title: 'n', format: 'number' },
        { key: 'extractor', title: 'extractor', format: 'text' },
        { key: 'reference', title: 'compared with', format: 'text' },
        { key: 'precision', title: 'precision', ...percent },
        { key: 'density', title: 'density', format: 'number' },
        { key: 'recall', title: 'recall', ...percent },
        { key: 'coverage', title: 'coverage', ...percent },
        { key: 'expected', title: 'of real images', ...percent },
      ],
      rows: told.map(({ set, reference, selection, fidelity }) => ({
        model: set.system.name,
        samples: set.name,
        selection: selection.label,
        n: selection.count,
        extractor: set.extractor?.by.name ?? '',
        reference: reference?.name ?? '',
        precision: cell(fidelity.precision),
        density: cell(fidelity.density),
        recall: cell(fidelity.recall),
        coverage: cell(fidelity.coverage),
        expected: fidelity.expected,
      })),
    },
  ];
}

/** Whose samples are of which class, and whether they repeat each other or other images. */
export function contentTable(
  rows: readonly { set: SampleSet; memorisation: Memorisation | undefined }[],
): Table[] {
  if (rows.length === 0) return [];
  const percent = { format: 'percent' } as const;
  return [
    {
      id: 'samples-content',
      title: 'What was drawn',
      caption:
        'Of its class: conditional samples that a classifier takes for the class they climbed. Distances are L2 over pixels, medians; beside that of samples that of real images.',
      columns: [
        { key: 'model', title: 'System', format: 'text' },
        { key: 'samples', title: 'samples', format: 'text' },
        { key: 'n', title: 'n', format: 'number' },
        { key: 'own', title: 'of its class, by itself', ...percent },
        { key: 'judge', title: 'judge', format: 'text' },
        { key: 'judged', title: 'of its class, by the judge', ...percent },
        { key: 'saturated', title: 'black or white pixels', ...percent },
        { key: 'duplicates', title: 'look like another', ...percent },
        { key: 'neighbour', title: 'to nearest image', format: 'number' },
        { key: 'real', title: 'real to nearest', format: 'number' },
      ],
      rows: rows.map(({ set, memorisation }) => {
        const { own, judged, saturated, duplicates } = sharesOf(set);
        return {
          model: set.system.name,
          samples: set.name,
          n: set.n,
          own: own ? cell(own) : null,
          judge: set.judge?.by.name ?? '',
          judged: judged ? cell(judged) : null,
          saturated: cell(saturated, { bare: true }),
          duplicates: duplicates ? cell(duplicates) : null,
          neighbour: memorisation ? cell(memorisation.distance) : null,
          real: memorisation?.ofReal ? cell(memorisation.ofReal) : null,
        };
      }),
    },
  ];
}

export function distalTable(distals: readonly Distal[], threshold: number): Table[] {
  if (distals.length === 0) return [];
  return [
    {
      id: 'samples-distal',
      title: 'Distal adversarials',
      caption: `Chains from noise up p(y|x) of a class, until it is above ${threshold}; steps are the median of those that reached it.`,
      columns: [
        { key: 'model', title: 'System', format: 'text' },
        { key: 'n', title: 'chains', format: 'number' },
        { key: 'reached', title: 'reached', format: 'percent' },
        { key: 'steps', title: 'steps', format: 'number' },
      ],
      rows: distals.map(({ system, reached, median }) => ({
        model: system.name,
        n: reached.n,
        reached: cell(reached),
        steps: cell(median),
      })),
    },
  ];
}
