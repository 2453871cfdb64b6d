/**
 * Whether containers may run privileged: `--allow-privileged` of the server of this process. Every
 * type with a pod template is validated by it.
 */
let allowed = true;

/** Decided once, when a server starts. */
export function allowPrivileged(value: boolean): void {
  allowed = value;
}

export function isPrivilegedAllowed(): boolean {
  return allowed;
}
