import { largestOf, othersOf } from '../graph/along-classes.js';
import { largestRow } from '../metrics/softmax.js';
import type { Climbed } from '../scores/score.js';
import type { Loss } from './loss.js';
import { emitMargin, marginOf } from './margin.js';

/** A score as a loss: who descends it makes an image look unlike the training data. */
export function scoreLoss(name: string, { needs, classes, chosen, value, emit }: Climbed): Loss {
  return {
    name,
    aims: [],
    needs,
    classes,
    direction: -1,
    ...(chosen && { chosen }),
    value: (logits, { logPx }) => value({ logits, logPx, top: () => largestRow(logits) }),
    emit: ({ b, logits, logPx }) => emit({ b, logits, logPx, top: () => largestOf(b, logits) }),
  };
}

/**
 * min(margin, score - threshold), above 0 for a mistake that a detector lets pass: the smaller of what it takes to be
 * misclassified and to be taken for familiar. Scores of a class are those of the likeliest wrong one, which are the
 * image's where it is misclassified: the largest of all is the label's until then, and climbing it leads away from a
 * mistake.
 */
export function evadingLoss(name: string, { needs, value, emit }: Climbed): Loss {
  return {
    name,
    aims: ['labels', 'threshold'],
    needs: ['logits', ...needs.filter((need) => need !== 'logits')],
    classes: 2,
    direction: 1,
    value: (logits, { label, threshold, logPx }) =>
      Math.min(
        marginOf(logits, label),
        value({ logits, logPx, top: () => largestRow(logits, label) }) - threshold,
      ),
    emit: (site) => {
      const { b, logits, logPx, labels, threshold } = site;
      const top = () => largestOf(b, othersOf(b, logits, labels));
      return b.op('Min', [emitMargin(site), b.op('Sub', [emit({ b, logits, logPx, top }), threshold])]);
    },
  };
}
