import type { Measure, MeasureDescription, MeasureRows } from '../../src/suite.js';

/** What all measures of one suite entry share. */
export interface Common {
  suite: string;
  sheet: string;
  /** How the chains ran; images of a replay buffer are taken as they are. */
  chain: Measure['params'];
}

type Rest = Omit<MeasureDescription, 'suite' | 'model' | 'dataset' | 'params' | 'rows'> & {
  params?: Measure['params'];
};

export const plain = { better: 'none', format: 'number' } as const;
export const share = { better: 'none', format: 'percent' } as const;

/** Fills in what measures of one set share. */
export function describer(
  { suite, sheet, chain }: Common,
  { system, dataset }: { system: { name: string }; dataset: string },
  set: string,
) {
  return (
    { params, ...rest }: Rest,
    rows?: Omit<MeasureRows, 'sheet' | 'where'> & { where?: MeasureRows['where'] },
  ): MeasureDescription => ({
    suite,
    model: system.name,
    dataset,
    params: { samples: set, ...(set !== 'buffer' && chain), ...params },
    ...rest,
    ...(rows && { rows: { ...rows, sheet, where: { model: system.name, samples: set, ...rows.where } } }),
  });
}
