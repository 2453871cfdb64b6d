/** AlwaysDeny: nothing may be changed. Off by default. */
import type { AdmissionPlugin } from './admission.ts';
import { refused } from './refusal.ts';

export const alwaysDeny: AdmissionPlugin = {
  name: 'AlwaysDeny',
  handles: () => true,
  admit(a) {
    throw refused(a, 'admission control is denying all modifications');
  },
};
