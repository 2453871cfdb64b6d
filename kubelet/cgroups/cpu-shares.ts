/** CPU amounts in the kernel's terms (CFS shares and quota, cgroup v2 weight). */

export const minShares = 2;
const maxShares = 262144;
const minQuotaUs = 1000;

/** Shares for thousandths of a CPU. */
export function sharesOfMilli(milli: number): number {
  if (milli === 0) return minShares;
  return Math.min(maxShares, Math.max(minShares, Math.floor((milli * 1024) / 1000)));
}

/** The quota per period for a limit; 0 without a limit. */
export function quotaOfMilli(milli: number, periodUs: number): number {
  if (milli === 0) return 0;
  return Math.max(minQuotaUs, Math.floor((milli * periodUs) / 1000));
}

/** The weight (1-10000) that runc gives for shares since 1.3.2, and the kubelet for pods. */
export function weightOfShares(shares: number): number {
  if (shares === 0) return 0;
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  const l = Math.log2(shares);
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}
