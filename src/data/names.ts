/** Names under which images go, each with those of its labels, most usual first. */
const PAIRS: readonly (readonly [images: string, labels: readonly string[]])[] = [
  ['images', ['labels', 'targets', 'label']],
  ['image', ['label', 'labels', 'targets']],
  ['imgs', ['labels', 'targets']],
  ['data', ['labels', 'targets', 'label']],
  ['x', ['y']],
];

/** Words of a name, parted by underscores, dashes and dots: `x_test` has two. */
const words = (name: string) => name.split(/[_.-]/);

/** Whether a name speaks of images: `x`, `images`, `x_test`, `test_images`. */
export function namesImages(name: string): boolean {
  return words(name.toLowerCase()).some((word) => PAIRS.some(([images]) => images === word));
}

/** Whether a name speaks of labels. */
export function namesLabels(name: string): boolean {
  return words(name.toLowerCase()).some((word) => PAIRS.some(([, labels]) => labels.includes(word)));
}

/**
 * Names that the labels of these images may have, likeliest first: `y_test` for `x_test`, `labels-idx1-ubyte` for
 * `images-idx3-ubyte`. Upper case is kept.
 */
export function labelNames(imagesName: string): string[] {
  const parts = imagesName.split(/([_.-])/);
  const renamed = PAIRS.flatMap(([images, candidates]) => {
    const at = parts.findIndex((part) => part.toLowerCase() === images);
    if (at < 0) return [];
    const upper = parts[at] !== images;
    return candidates.map((candidate) =>
      parts.with(at, upper ? matchCase(candidate, parts[at]) : candidate).join(''),
    );
  });
  const plain = imagesName.includes('.') || parts.length > 1 ? [] : ['labels', 'y', 'targets', 'label'];
  return [...new Set([...renamed, ...plain])];
}

function matchCase(word: string, like: string): string {
  if (like === like.toUpperCase()) return word.toUpperCase();
  return word[0].toUpperCase() + word.slice(1);
}
