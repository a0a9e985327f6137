/**
 * Waits until a whole number of steps (in milliseconds) has passed since `began`, by performance.now(): what took a little
 * more and what took a little less is answered at the same moment.
 */
export function untilFullStep(began: number, step: number): Promise<void> {
  const passed = performance.now() - began
  return new Promise((resolve) => setTimeout(resolve, step - (passed % step)))
}
