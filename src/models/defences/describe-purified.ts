import { createHash } from 'node:crypto';
import { AssayError } from '../../errors.js';
import type { Note } from '../../graph/graph.js';
import type { Capability, System, SystemInfo } from '../system.js';
import { callPasses } from './purified-passes.js';
import type { PurifyOptions } from './purify-options.js';
import { withoutBounds } from './without-bounds.js';

/** A system as far as it is described. */
export type Described = Pick<System, 'info'>;

/** Errors: `config-invalid` when the purifier has no gradient of log p(x), or other images than the classifier. */
export function refuseUnfit(classifier: Described, by: Described): void {
  const lack = (['logPx', 'inputGradient'] as const).find((need) => !by.info.offers.includes(need));
  if (lack || by.info.stochastic) {
    throw new AssayError('config-invalid', `"${by.info.name}" cannot purify`, {
      path: 'purify.by',
      expected: 'a bare model with log p(x) and its gradient',
      found: lack ? (by.info.lacks[lack] ?? `no ${lack}`) : 'a stochastic system',
    });
  }
  if (by.info.shape.join() === classifier.info.shape.join()) return;
  throw new AssayError('config-invalid', `"${by.info.name}" cannot purify for "${classifier.info.name}"`, {
    path: 'purify.by',
    expected: `images of shape [${classifier.info.shape.join(', ')}]`,
    found: `[${by.info.shape.join(', ')}]`,
  });
}

/** Errors: `config-invalid` when the full gradient is asked for, and there is none. */
function refuseFull({ info }: Described, { gradient, steps }: PurifyOptions): void {
  if (gradient !== 'full' || steps === 0 || info.offers.includes('hessianProduct')) return;
  throw new AssayError('config-invalid', `there is no full gradient through chains of "${info.name}"`, {
    path: 'purify.gradient',
    expected: 'a purifier with Hessian-vector products',
    found: info.lacks.hessianProduct ?? 'none',
    hint: 'use `gradient: straight-through`',
  });
}

/**
 * What is known of a purified system before any model is opened.
 * @param averages whether the classifier has a gradient of averaged logits: deterministic models have
 * Errors: as `refuseUnfit`, and where a full gradient is asked for without Hessian-vector products.
 */
export function describePurified(
  classifier: Described,
  by: Described,
  options: PurifyOptions,
  name: string,
  averages = !classifier.info.stochastic,
): SystemInfo {
  refuseUnfit(classifier, by);
  refuseFull(by, options);
  // What training left in the checkpoint is the model's own, its maps are of one chain, and what is smoothed is no longer just that.
  const {
    storedChains: _,
    batchNorms: __,
    maps: ___,
    smoothed: ____,
    ...info
  } = withoutBounds(classifier.info);
  const { steps, chains, stepSize, noise, inputNoise, clamp, gradient, seed } = options;
  const differentiable = info.offers.includes('inputGradient') && averages;
  const offers: Capability[] = info.offers.filter(
    (one) => one !== 'hessianProduct' && (one !== 'inputGradient' || differentiable),
  );
  const why = info.lacks.inputGradient ?? 'its classifier has no gradient of averaged logits';
  const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
  return {
    ...info,
    name,
    maps: { shapes: [], why: 'it is purified: its logits are means over chains of images' },
    defence:
      `purified by ${by.info.name}: ${plural(steps, 'step')} of size ${stepSize}, noise ${noise}, input noise ` +
      `${inputNoise}, ${plural(chains, 'chain')}${clamp === 'box' ? ', kept in the box' : ''}` +
      `${seed === 'fixed' ? ', one seed an image' : ''}${gradient === 'full' ? ', full gradient' : ''}`,
    purified: { steps, gradient },
    callPasses: callPasses(info, options),
    offers,
    lacks: {
      ...info.lacks,
      ...(!differentiable && { inputGradient: why }),
      hessianProduct: 'its images go through chains, of which there are first derivatives only',
    },
    stochastic: true,
    notes: [...(info.notes ?? []), ...withoutSteps(name, options)],
    identity: createHash('sha256')
      .update(
        JSON.stringify([
          'purify',
          2,
          info.identity,
          by.info.identity,
          steps,
          chains,
          stepSize,
          noise,
          inputNoise,
          clamp,
          gradient,
          seed,
        ]),
      )
      .digest('hex'),
  };
}

/**
 * A chain without a step purifies nothing: what is called its robustness under BPDA is that of plain PGD, as where the
 * attack of SADA-JEM's code says `langevin_steps: 0`.
 */
function withoutSteps(name: string, { steps, inputNoise }: PurifyOptions): Note[] {
  if (steps > 0) return [];
  const still = inputNoise === 0;
  return [
    {
      code: 'purifier-without-steps',
      severity: still ? 'warning' : 'note',
      message: still
        ? `"${name}" purifies nothing: it takes no step and adds no noise`
        : `"${name}" takes no step of SGLD: it is its classifier on noisy images`,
      why: 'attacks on it, BPDA with EOT among them, are attacks on the classifier: its robustness is none of a purifier',
    },
  ];
}
