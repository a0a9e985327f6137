export interface RoundsSettings {
  /** What is done each time; it looks at `goOn` now and then, and ends early when that turns false. */
  work: (goOn: () => boolean) => Promise<void>
  /** A round that failed as a whole. The next one tries again. */
  onError: (error: unknown) => void
  /** Milliseconds from the end of one round to the beginning of the next. */
  every: number
  /** Milliseconds before the first one. */
  first: number
}

export interface Rounds {
  /** Finishes what is in hand and takes no more. */
  stop: () => Promise<void>
}

/** Does something over and over, never twice at once. */
export function startRounds({ work, onError, every, first }: RoundsSettings): Rounds {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> = Promise.resolve()

  function wait(milliseconds: number): void {
    timer = setTimeout(() => {
      round = work(() => !stopped)
        .catch(onError)
        .finally(() => {
          if (!stopped) wait(every)
        })
    }, milliseconds)
  }

  wait(first)
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await round
    },
  }
}
