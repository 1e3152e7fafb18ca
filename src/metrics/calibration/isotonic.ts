/**
 * Isotonic regression by pooling adjacent violators (Ayer et al. 1955): the non-decreasing values that are nearest to the
 * groups' means in weighted squares.
 * @param weight (groups) at least 0; of a group without weight the value is its neighbour's
 * @param sum (groups) weight times mean
 * @returns (groups)
 */
export function isotonic(weight: ArrayLike<number>, sum: ArrayLike<number>): Float64Array {
  const groups = weight.length;
  const [blockWeight, blockSum] = [new Float64Array(groups), new Float64Array(groups)];
  const blockEnd = new Int32Array(groups);
  let blocks = 0;
  for (let g = 0; g < groups; g++) {
    let [w, s] = [weight[g]!, sum[g]!];
    // Compared crosswise: exact for counts, and a block without weight joins whatever comes before it.
    while (blocks > 0 && blockSum[blocks - 1]! * w >= s * blockWeight[blocks - 1]!) {
      blocks--;
      w += blockWeight[blocks]!;
      s += blockSum[blocks]!;
    }
    blockWeight[blocks] = w;
    blockSum[blocks] = s;
    blockEnd[blocks] = g + 1;
    blocks++;
  }
  const fitted = new Float64Array(groups);
  for (let b = 0, g = 0; b < blocks; b++) {
    for (; g < blockEnd[b]!; g++) fitted[g] = blockSum[b]! / blockWeight[b]!;
  }
  return fitted;
}
