import {
  type FeatureRows,
  features,
  type NearestImagesRows,
  nearestImagesRequest,
  type OutputsOnSamplesRows,
  outputsOnSamplesRequest,
  pixels,
  type SampleRows,
  type SamplesParams,
  samples,
} from '../../src/measurements.js';
import { notNamed, type Request, request, type SuiteContext, type SystemInfo } from '../../src/suite.js';
import type { SamplesOptions } from './options.js';
import { type Roles, rolesFor } from './roles.js';

/** How the images of a set are made. */
export type SetName = 'unconditional' | 'conditional' | 'buffer';

/** What is asked of one set of samples. */
export interface SetRequests {
  name: SetName;
  drawn: Request<SampleRows>;
  /** What the system that drew them says of them. */
  own: Request<OutputsOnSamplesRows>;
  judged: Request<OutputsOnSamplesRows> | undefined;
  extracted: Request<OutputsOnSamplesRows> | undefined;
  nearest: Request<NearestImagesRows> | undefined;
  /** The first chains again, as they develop. */
  strips: { drawn: Request<SampleRows>; seen: Request<OutputsOnSamplesRows> } | undefined;
}

export interface DistalRequests {
  steps: readonly number[];
  drawn: Request<SampleRows>;
  seen: Request<OutputsOnSamplesRows>;
}

/** What is asked about the samples of one system. */
export interface SystemRequests {
  system: SystemInfo;
  roles: Roles;
  sets: readonly SetRequests[];
  /** Steps that film strips show. */
  looks: readonly number[];
  distal: DistalRequests | undefined;
  /** Features of the images that samples are compared with. */
  reference: Request<FeatureRows> | undefined;
  /** Neighbours of real images, for comparison. */
  nearestOfReal: Request<NearestImagesRows> | undefined;
}

/** For every system that samples can be drawn from; why not, for the others. */
export function requestsFor(context: SuiteContext, options: SamplesOptions): (SystemRequests | Refused)[] {
  const names = context.systems.map(({ name }) => name);
  options.systems?.forEach((name, i) => {
    if (!names.includes(name)) throw notNamed('system', name, names, `systems[${i}]`);
  });
  return context.systems
    .filter(({ name }) => options.systems?.includes(name) ?? true)
    .map((system) => {
      const roles = rolesFor(system, context, options);
      return 'reason' in roles ? { system, ...roles } : ofSystem(system, roles, options);
    });
}

export interface Refused {
  system: SystemInfo;
  reason: string;
}

/** The start, a sixteenth, an eighth of the way and so on, and the end. */
export function looksOf(steps: number): number[] {
  const shares = [0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];
  return [...new Set(shares.map((share) => Math.round(share * steps)))];
}

function ofSystem(system: SystemInfo, roles: Roles, options: SamplesOptions): SystemRequests {
  const { on, extractor, judge, reference, neighbours, real } = roles;
  const { steps, stepSize, noise, temperature, clamp, clip } = options;
  const chain = {
    start: 'uniform',
    steps,
    ...{ stepSize, noise, temperature, clamp, ...(clip !== undefined && { clip }) },
  } as const;
  const looks = looksOf(steps);
  const n = Math.min(options.images, on.size);
  const ofReal = Math.min(n, real?.size ?? 0);
  const strips = Math.min(options.strips, n);
  const draw = (params: SamplesParams, first: number) =>
    request({ measurement: samples, system: system.name, dataset: on.name, params, first });
  const set = (name: SetName, params: SamplesParams, count = n): SetRequests => {
    const drawn = draw(params, count);
    const shown = strips > 0 && name !== 'buffer' ? draw({ ...params, looks }, strips) : undefined;
    return {
      name,
      drawn,
      own: outputsOnSamplesRequest(system, drawn),
      judged: judge && name === 'conditional' ? outputsOnSamplesRequest(judge, drawn) : undefined,
      extracted: extractor && outputsOnSamplesRequest(extractor, drawn),
      nearest: neighbours && nearestImagesRequest(system, drawn, count, neighbours.name),
      strips: shown && {
        drawn: shown,
        seen: outputsOnSamplesRequest(system, shown, { looks: looks.length }),
      },
    };
  };
  const classifies = system.offers.includes('logits');
  const kept = Math.min(options.buffer, on.size, system.storedChains ?? 0);
  return {
    system,
    roles,
    looks,
    sets: [
      set('unconditional', { ...chain, target: 'log-px' }),
      ...(classifies ? [set('conditional', { ...chain, target: 'log-pxy', class: 'each' })] : []),
      ...(kept > 0
        ? [set('buffer', { ...chain, start: 'buffer', spread: kept, steps: 0, target: 'log-px' }, kept)]
        : []),
    ],
    distal: classifies
      ? distalOf(system, on.name, { ...chain, target: 'log-py-x', class: 'each' }, options)
      : undefined,
    reference:
      extractor && reference
        ? request({ measurement: features, system: extractor.name, dataset: reference.name })
        : undefined,
    // A set is no stranger to itself: its nearest image is the image.
    nearestOfReal:
      neighbours && real && neighbours.name !== real.name
        ? nearestImagesRequest(
            system,
            request({ measurement: pixels, system: system.name, dataset: real.name, first: ofReal }),
            ofReal,
            neighbours.name,
          )
        : undefined,
  };
}

function distalOf(
  system: SystemInfo,
  dataset: string,
  chain: SamplesParams,
  { distal: { images, steps, every } }: SamplesOptions,
): DistalRequests | undefined {
  if (images === 0) return undefined;
  const looks = Array.from({ length: Math.floor(steps / every) }, (_, k) => (k + 1) * every);
  if (looks.at(-1) !== steps) looks.push(steps);
  const drawn = request({
    measurement: samples,
    system: system.name,
    dataset,
    params: { ...chain, steps, looks },
    first: images,
  });
  return { steps: looks, drawn, seen: outputsOnSamplesRequest(system, drawn, { looks: looks.length }) };
}
