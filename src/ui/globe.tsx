import type { JSX } from 'preact'

/**
 * The one ornament: an orthographic globe. Circles on a sphere project to ellipses, so each meridian, parallel and
 * route is a single elliptical arc, exact at any size and a few bytes long.
 */
export interface GlobeProps {
  /** The point of the earth that faces the reader. */
  centre: Place
  /** Degrees by which the axis leans. */
  tilt?: number
  /** Degrees between meridians, and between parallels. */
  step?: number
  routes?: readonly Route[]
  /** Degree marks along this meridian, as on a chart's edge. */
  scale?: number
  class?: string
}

export interface Place {
  longitude: number
  latitude: number
}

export interface Route {
  from: Place
  to: Place
  /** A route that breaks off, for pages on which something did. */
  broken?: boolean
}

type Vector = readonly [x: number, y: number, z: number]

const RADIUS = 500
const LAST_PARALLEL = 80
/** Lines at multiples of this are stronger, and they alone reach the poles, lest these clot. */
const MAJOR_LINE = 30

export function Globe({ centre, tilt = 0, step = 10, routes = [], scale, class: name }: GlobeProps): JSX.Element {
  const { minor, major, marks } = chartOf(centre, step, scale)
  return (
    <svg class={name ? `globe ${name}` : 'globe'} viewBox="-504 -504 1008 1008" aria-hidden="true" focusable="false">
      <g transform={`rotate(${tilt})`}>
        <circle class="globe-disc" r={RADIUS} />
        <path class="globe-line" d={minor} />
        <path class="globe-line globe-line-major" d={major} />
        {marks === '' ? null : <path class="globe-scale" d={marks} />}
        <circle class="globe-limb" r={RADIUS} />
        {routes.map((route) => (
          <RouteArc centre={centre} route={route} />
        ))}
      </g>
    </svg>
  )
}

/** The globe as a mark beside the brand: four strokes. */
export function MeridianMark(): JSX.Element {
  return (
    <svg class="mark" viewBox="-12 -12 24 24" width="28" height="28" aria-hidden="true" focusable="false">
      <g transform="rotate(20)">
        <circle class="mark-line" r="10.5" />
        <path class="mark-line" d="M-10.5 0A10.5 3.6 0 0 0 10.5 0" />
        <path class="mark-meridian" d="M0-10.5A5.4 10.5 0 0 1 0 10.5" />
      </g>
    </svg>
  )
}

function RouteArc({ centre, route }: { centre: Place; route: Route }) {
  const from = inView(centre, route.from)
  const to = inView(centre, route.to)
  const [startX, startY] = onPaper(from)
  const [endX, endY] = onPaper(to)
  return (
    <>
      <path
        class={route.broken ? 'globe-route globe-route-broken' : 'globe-route'}
        d={greatCircleArc(from, to)}
        pathLength={1}
      />
      <circle class="globe-port" cx={round(startX)} cy={round(startY)} r={7} />
      <circle class="globe-port globe-port-open" cx={round(endX)} cy={round(endY)} r={7} />
    </>
  )
}

interface Chart {
  minor: string
  major: string
  /** Empty where there is no scale. */
  marks: string
}

const charts = new Map<string, Chart>()

/** Drawn once: each page shows one of a few globes, and to draw it is more than a third of what it takes to render a form. */
function chartOf(centre: Place, step: number, scale: number | undefined): Chart {
  const view = `${centre.longitude} ${centre.latitude} ${step} ${scale}`
  const known = charts.get(view)
  if (known) return known
  const chart = { ...graticule(centre, step), marks: scale === undefined ? '' : degreeMarks(centre, scale) }
  charts.set(view, chart)
  return chart
}

function graticule(centre: Place, step: number): Omit<Chart, 'marks'> {
  const lines = { minor: '', major: '' }
  for (let longitude = -180; longitude < 180; longitude += step) {
    if (longitude % MAJOR_LINE === 0) lines.major += meridian(centre, longitude, 90)
    else lines.minor += meridian(centre, longitude, LAST_PARALLEL)
  }
  for (let latitude = -LAST_PARALLEL; latitude <= LAST_PARALLEL; latitude += step) {
    lines[latitude % MAJOR_LINE === 0 ? 'major' : 'minor'] += parallel(centre, latitude)
  }
  return lines
}

function meridian(centre: Place, longitude: number, end: number): string {
  const facing = Math.cos(radians(centre.latitude)) * Math.cos(radians(longitude - centre.longitude))
  const nearest = degrees(Math.atan2(Math.sin(radians(centre.latitude)), facing))
  const south = Math.max(-end, nearest - 90)
  const north = Math.min(end, nearest + 90)
  if (south >= north) return ''
  return greatCircleArc(inView(centre, { longitude, latitude: south }), inView(centre, { longitude, latitude: north }))
}

function parallel(centre: Place, latitude: number): string {
  const reach = -Math.tan(radians(centre.latitude)) * Math.tan(radians(latitude))
  if (reach >= 1) return ''
  const long = RADIUS * Math.cos(radians(latitude))
  const short = Math.abs(long * Math.sin(radians(centre.latitude)))
  if (reach <= -1) return wholeParallel(centre, latitude, long, short)
  const west = -degrees(Math.acos(reach))
  const [startX, startY] = onPaper(inView(centre, { longitude: centre.longitude + west, latitude }))
  const [endX, endY] = onPaper(inView(centre, { longitude: centre.longitude - west, latitude }))
  const large = west < -90 ? 1 : 0
  const sweep = centre.latitude > 0 ? 0 : 1
  return `M${round(startX)} ${round(startY)}A${round(long)} ${round(short)} 0 ${large} ${sweep} ${round(endX)} ${round(endY)}`
}

/** Two halves: an arc that ends where it began is none at all. */
function wholeParallel(centre: Place, latitude: number, long: number, short: number): string {
  const [, middle] = onPaper(inView(centre, { longitude: centre.longitude + 90, latitude }))
  const half = `A${round(long)} ${round(short)} 0 0 1`
  return `M${round(-long)} ${round(middle)}${half} ${round(long)} ${round(middle)}${half} ${round(-long)} ${round(middle)}`
}

/** The shorter way between two points, both in front. */
function greatCircleArc(from: Vector, to: Vector): string {
  const [startX, startY] = onPaper(from)
  const [endX, endY] = onPaper(to)
  const [normalX, normalY, normalZ] = unit(cross(from, to))
  const lean = degrees(Math.atan2(-normalX, -normalY))
  const sweep = startX * endY - startY * endX > 0 ? 1 : 0
  const short = RADIUS * Math.abs(normalZ)
  return `M${round(startX)} ${round(startY)}A${RADIUS} ${round(short)} ${round(lean)} 0 ${sweep} ${round(endX)} ${round(endY)}`
}

function degreeMarks(centre: Place, longitude: number): string {
  let marks = ''
  for (let latitude = -LAST_PARALLEL; latitude <= LAST_PARALLEL; latitude += 2) {
    const half = (latitude % 10 === 0 ? 2.2 : 1.1) / Math.cos(radians(latitude))
    const west = inView(centre, { longitude: longitude - half, latitude })
    const east = inView(centre, { longitude: longitude + half, latitude })
    if (west[2] <= 0 || east[2] <= 0) continue
    marks += `M${onPaper(west).map(round).join(' ')}L${onPaper(east).map(round).join(' ')}`
  }
  return marks
}

/** A place as a point on the unit sphere: x to the right, y up, z towards the reader. */
function inView(centre: Place, place: Place): Vector {
  const away = radians(place.longitude - centre.longitude)
  const latitude = radians(place.latitude)
  const middle = radians(centre.latitude)
  return [
    Math.cos(latitude) * Math.sin(away),
    Math.cos(middle) * Math.sin(latitude) - Math.sin(middle) * Math.cos(latitude) * Math.cos(away),
    Math.sin(middle) * Math.sin(latitude) + Math.cos(middle) * Math.cos(latitude) * Math.cos(away),
  ]
}

function onPaper([x, y]: Vector): [number, number] {
  return [x * RADIUS, -y * RADIUS]
}

function cross([ax, ay, az]: Vector, [bx, by, bz]: Vector): Vector {
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
}

function unit([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z) || 1
  return [x / length, y / length, z / length]
}

function radians(angle: number): number {
  return (angle * Math.PI) / 180
}

function degrees(angle: number): number {
  return (angle * 180) / Math.PI
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
