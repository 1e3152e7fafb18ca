/**
 * One-sided sign test: P(at least k heads in n throws of a fair coin). Of examples on which two systems or attacks
 * differ, how likely chance alone lets one of them win so often.
 */
export function signTest(k: number, n: number): number {
  let [tail, choose] = [0, 1];
  for (let heads = n; heads >= k; heads--) {
    tail += choose;
    choose *= heads / (n - heads + 1);
  }
  return tail / 2 ** n;
}
