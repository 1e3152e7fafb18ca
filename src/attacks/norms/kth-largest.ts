/** The k-th largest value, 1 <= k <= length, in linear time on average; reorders `values` (Hoare 1961, "Find"). */
export function kthLargest(values: Float32Array, k: number): number {
  let [from, to] = [0, values.length - 1];
  const place = k - 1;
  while (from < to) {
    const pivot = values[(from + to) >>> 1]!;
    let [left, right] = [from, to];
    while (left <= right) {
      while (values[left]! > pivot) left++;
      while (values[right]! < pivot) right--;
      if (left > right) break;
      const one = values[left]!;
      values[left++] = values[right]!;
      values[right--] = one;
    }
    if (place <= right) to = right;
    else if (place >= left) from = left;
    else return pivot;
  }
  return values[place]!;
}
