import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'

/** Every address that there is, those of one row with the id of a row that is not there. */
export const everyAddress: readonly string[] = Object.values(urls).map((url) => url.replace(':id', newId()))
