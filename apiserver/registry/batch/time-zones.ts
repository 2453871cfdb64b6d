/** Names of time zones as Go's LoadLocation knows them; the data is ICU's. */

/** `unknown time zone X`; undefined when the zone is known. '' and UTC, Local are. */
export function timeZoneProblem(name: string): string | undefined {
  if (name === '' || name === 'UTC' || name === 'Local') return undefined;
  return isKnown(name) ? undefined : `unknown time zone ${name}`;
}

function isKnown(name: string): boolean {
  // ICU also takes offsets, its own SystemV zones, and any case; zone files are named exactly.
  const segments = name.split('/');
  if (segments[0] === 'SystemV' || segments.some((s) => !/^[A-Z]/.test(s))) return false;
  let canonical: string;
  try {
    canonical = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return false;
  }
  return canonical === name || canonical.toLowerCase() !== name.toLowerCase();
}
