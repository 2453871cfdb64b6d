/** Runs writes of the embedded store in one transaction and says what a failure means. */
import { StoreUnavailableError } from '../storage.ts';
import type { Engine } from './engine.ts';
import { sqlite, sqliteCode } from './store-file.ts';

/**
 * Runs `body` and commits; throws when the writes are not there. `broken` is called when the state
 * of the file is not known any more: nothing may be read or written then until it is opened anew.
 */
export function transaction(
  engine: Pick<Engine, 'begin' | 'commit' | 'rollback' | 'describe'>,
  body: () => void,
  broken: (error: StoreUnavailableError) => void,
): void {
  const unavailable = (error: unknown): StoreUnavailableError => {
    const described = engine.describe(error);
    return new StoreUnavailableError(described.message, { cause: error });
  };
  let committing = false;
  try {
    engine.begin();
    body();
    committing = true;
    engine.commit();
  } catch (error) {
    const reason = unavailable(error);
    // After a failed fsync the system may have thrown pages away: what is on disk is not known.
    // A full disk is different: SQLite has noticed before anything counted.
    if (committing && sqliteCode(error) !== sqlite.full) {
      broken(reason);
      throw reason;
    }
    try {
      engine.rollback();
    } catch (second) {
      broken(unavailable(second));
    }
    throw reason;
  }
}
