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
 * Names that the labels of these images may have, likeliest first: `y_test` for `x_test`, `labels-idx3-ubyte` for
 * `images-idx3-ubyte`, `Y` or `y` for `X`.
 */
export function labelNames(imagesName: string): string[] {
  const parts = imagesName.split(/([_.-])/);
  return PAIRS.flatMap(([images, candidates]) => {
    const at = parts.findIndex((part) => part.toLowerCase() === images);
    if (at < 0) return [];
    return candidates
      .flatMap((candidate) => [likeCase(candidate, parts[at]!), candidate])
      .map((candidate) => parts.with(at, candidate).join(''));
  });
}

/** A word in upper case, capitalised or in lower case as another one is. */
function likeCase(word: string, other: string): string {
  if (other === other.toUpperCase()) return word.toUpperCase();
  return other[0] === other[0]!.toUpperCase() ? word[0]!.toUpperCase() + word.slice(1) : word;
}
