import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds by which a timer may be late or early. What is left is spent in turns of the event loop, to be exact. */
const TIMER_ERROR = 2

/**
 * Waits until a whole number of steps (in milliseconds) has passed since `began`, by performance.now(): what took a little
 * more and what took a little less goes on at the same moment. A timer alone would not do, since it counts whole
 * milliseconds from when it is set, and so hands on the fraction that was to be hidden.
 */
export async function untilFullStep(began: number, step: number): Promise<void> {
  const passed = performance.now() - began
  const end = began + Math.ceil(passed / step) * step
  const left = end - performance.now() - TIMER_ERROR
  if (left > 0) await sleep(left)
  while (performance.now() < end) await nextTurn()
}
