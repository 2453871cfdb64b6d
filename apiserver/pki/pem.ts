/** Texts that hold certificates. */

/** The certificates of a text, each as PEM; whatever stands around them is passed over. */
export function pemCertificates(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}
