// How the base map looks: paper by day, slate by night, and quiet enough for the law to stand out above it.
// Layers and attributes are those of the Protomaps schema, version 4. The library comes as an argument.

const DAY = {
  earth: "#f5f3ee", building: "#e7e2d9", buildingEdge: "#d8d1c5", water: "#b4d3e3", park: "#d6e7cb", wood: "#c8dfbd",
  grass: "#e2eed8", sport: "#cfe3cd", institution: "#efe9e2", industrial: "#ebe6e6", pedestrian: "#edeaf0", sand: "#efe6cf",
  minor: "#ffffff", minorEdge: "#d3ccc0", major: "#fffdf5", majorEdge: "#c7bda9", primary: "#fdf0c9", primaryEdge: "#d3b975",
  highway: "#f6d391", highwayEdge: "#bb8d3c", path: "#b8aa95", rail: "#a3a6a9", tunnel: "#efece6",
  boundary: "#b29fb5", ink: "#3b4248", soft: "#666e75", halo: "#ffffff", waterInk: "#33708f", parkInk: "#45733a",
};

const NIGHT = {
  earth: "#1a2024", building: "#252d32", buildingEdge: "#2f393f", water: "#12303f", park: "#1c2f23", wood: "#1a3322",
  grass: "#1e2c24", sport: "#1d332a", institution: "#232629", industrial: "#212528", pedestrian: "#24262d", sand: "#2e2b22",
  minor: "#38434a", minorEdge: "#14191c", major: "#424e56", majorEdge: "#12171a", primary: "#52503f", primaryEdge: "#12171a",
  highway: "#6a5a38", highwayEdge: "#12171a", path: "#4d575c", rail: "#556067", tunnel: "#262e33",
  boundary: "#6d5f72", ink: "#d5dce1", soft: "#a9b4bb", halo: "#14191c", waterInk: "#7fb6d2", parkInk: "#8fbf86",
};

const FONT = '"Atkinson Hyperlegible Next", system-ui, sans-serif';

const LANDUSE = {
  park: "park", national_park: "park", protected_area: "grass", nature_reserve: "park", garden: "park", cemetery: "grass", golf_course: "grass", allotments: "grass", recreation_ground: "grass", village_green: "park",
  wood: "wood", forest: "wood", scrub: "wood", grass: "grass", grassland: "grass", meadow: "grass", farmland: "grass", orchard: "grass",
  pitch: "sport", playground: "sport", stadium: "sport", zoo: "park", beach: "sand", sand: "sand",
  school: "institution", university: "institution", college: "institution", hospital: "institution", kindergarten: "institution",
  industrial: "industrial", railway: "industrial", commercial: "industrial", retail: "industrial", military: "industrial", aerodrome: "industrial",
  pedestrian: "pedestrian", footway: "pedestrian", platform: "pedestrian", pier: "pedestrian",
};

// Class of a road: [style key, width in px at zooms 10, 13, 15, 17, 19].
const ROADS = [
  { id: "minor", from: 12, widths: [0, 0.6, 4, 10, 24] },
  { id: "major", from: 10, widths: [0.5, 2, 6, 14, 32] },
  { id: "primary", from: 8, widths: [0.8, 2.8, 7, 16, 36] },
  { id: "highway", from: 5, widths: [1.4, 3.6, 8, 17, 36] },
];

const ZOOMS = [10, 13, 15, 17, 19];

function roadClass({ kind, kind_detail: detail, is_link: link }) {
  if (kind === "highway") return "highway";
  if (kind === "minor_road") return "minor";
  if (kind === "major_road" || kind === "medium_road") {
    if (link) return "major";
    return detail === "primary" || detail === "trunk" ? "primary" : "major";
  }
  return null;
}

// Service roads, driveways and parking aisles stay thin: they are not where the law applies.
function slender({ kind_detail: detail }) {
  return detail === "service" || detail === "living_street" || detail === "pedestrian" || detail === "track";
}

function widthOf(stops, zoom, scale) {
  if (zoom <= ZOOMS[0]) return stops[0] * scale;
  for (let i = 1; i < ZOOMS.length; i += 1) {
    if (zoom <= ZOOMS[i]) {
      const share = (zoom - ZOOMS[i - 1]) / (ZOOMS[i] - ZOOMS[i - 1]);
      return (stops[i - 1] + (stops[i] - stops[i - 1]) * share) * scale;
    }
  }
  return stops.at(-1) * scale;
}

function roadRules(library, colours) {
  const rules = [];
  const line = (id, from, filter, options) => rules.push({
    id, dataLayer: "roads", minzoom: from, filter, symbolizer: new library.LineSymbolizer({ lineJoin: "round", lineCap: "round", ...options }),
  });
  const scale = (feature) => (slender(feature.props) ? 0.55 : feature.props.is_link ? 0.7 : 1);
  // Three storeys: what passes below, the ground, the bridges. In each, all casings first, so that junctions melt.
  const storeys = [
    { id: "tunnel", holds: (props) => Boolean(props.is_tunnel) },
    { id: "ground", holds: (props) => !props.is_tunnel && !props.is_bridge },
    { id: "bridge", holds: (props) => Boolean(props.is_bridge) },
  ];
  line("path", 15, (_z, { props }) => props.kind === "path" && !props.is_tunnel, { color: colours.path, width: 1.2, dash: [3, 2], lineCap: "butt" });
  line("rail", 12, (_z, { props }) => props.kind === "rail" && !props.is_tunnel, { color: colours.rail, width: (z) => (z > 15 ? 1.8 : 1) });
  for (const storey of storeys) {
    const classed = (id) => (_z, { props }) => roadClass(props) === id && storey.holds(props);
    for (const { id, from, widths } of ROADS) {
      line(`${storey.id}-${id}-edge`, Math.max(from, 13), classed(id), {
        color: colours[`${id}Edge`], perFeature: true,
        opacity: storey.id === "tunnel" ? 0.5 : 1,
        lineCap: storey.id === "bridge" ? "butt" : "round",
        width: (z, feature) => widthOf(widths, z, scale(feature)) + (storey.id === "bridge" ? 3 : 1.6),
      });
    }
    for (const { id, from, widths } of ROADS) {
      line(`${storey.id}-${id}`, from, classed(id), {
        // Before there is room for a casing, a white street would vanish into the paper: it is drawn in its edge's colour.
        color: storey.id === "tunnel" ? colours.tunnel : (z) => (z < 13 ? colours[`${id}Edge`] : colours[id]),
        perFeature: true, width: (z, feature) => Math.max(widthOf(widths, z, scale(feature)), z < 13 ? 0.5 : 0.8),
      });
    }
  }
  return rules;
}

function paintRules(library, colours) {
  const fill = (options) => new library.PolygonSymbolizer(options);
  const landuse = (_z, feature) => colours[LANDUSE[feature.props.kind]];
  const known = (_z, feature) => feature.props.kind in LANDUSE;
  return [
    { id: "earth", dataLayer: "earth", symbolizer: fill({ fill: colours.earth }) },
    { id: "landcover", dataLayer: "landcover", filter: known, symbolizer: fill({ fill: landuse, perFeature: true }) },
    { id: "landuse", dataLayer: "landuse", filter: known, symbolizer: fill({ fill: landuse, perFeature: true }) },
    { id: "water", dataLayer: "water", filter: (_z, { geomType }) => geomType === library.GeomType.Polygon, symbolizer: fill({ fill: colours.water }) },
    {
      id: "stream", dataLayer: "water", minzoom: 12, filter: (_z, { geomType }) => geomType === library.GeomType.Line,
      symbolizer: new library.LineSymbolizer({ color: colours.water, width: (z) => (z > 15 ? 4 : 1.5), lineCap: "round" }),
    },
    { id: "buildings", dataLayer: "buildings", minzoom: 14, symbolizer: fill({ fill: colours.building, stroke: colours.buildingEdge, width: 0.7 }) },
    ...roadRules(library, colours),
    {
      id: "boundaries", dataLayer: "boundaries", minzoom: 8,
      symbolizer: new library.LineSymbolizer({ color: colours.boundary, width: 1, dash: [6, 3] }),
    },
  ];
}

function labelRules(library, colours) {
  const named = (test) => (_z, feature) => Boolean(feature.props.name) && test(feature);
  const text = (size, fill, more = {}) => ({
    labelProps: ["name"], fontFamily: FONT, fontSize: size, fontWeight: 500, fill, stroke: colours.halo, ...more,
  });
  // A street's name is written once per tile width, along the street, never over a shorter one.
  const street = (id, size, weight, from) => ({
    id: `name-${id}`, dataLayer: "roads", minzoom: from, filter: named(({ props }) => roadClass(props) === id && !slender(props)),
    symbolizer: new library.LineLabelSymbolizer(text(size, colours.ink, { fontWeight: weight, width: 3, repeatDistance: 400 })),
  });
  const place = (id, details, size, weight, [from, to]) => ({
    id: `place-${id}`, dataLayer: "places", minzoom: from, maxzoom: to,
    filter: named(({ props }) => details.includes(props.kind_detail) || details.includes(props.kind)),
    symbolizer: new library.CenteredTextSymbolizer(text(size, colours.ink, { fontWeight: weight, width: 1.6, lineHeight: 1.2 })),
  });
  return [
    place("town", ["city", "town"], 19, 650, [5, 14]),
    place("village", ["village"], 15, 600, [11, 15]),
    place("suburb", ["suburb", "hamlet"], 13.5, 600, [13, 16]),
    place("quarter", ["quarter", "neighbourhood"], 12.5, 600, [14, 17]),
    street("highway", 12, 600, 12),
    street("primary", 13, 600, 13),
    street("major", 12.5, 550, 14),
    street("minor", 12, 500, 16),
    {
      id: "name-water-line", dataLayer: "water", minzoom: 12, filter: named(({ geomType }) => geomType === library.GeomType.Line),
      symbolizer: new library.LineLabelSymbolizer(text(13, colours.waterInk, { fontStyle: "italic", width: 3, repeatDistance: 600 })),
    },
    {
      id: "name-water", dataLayer: "water", minzoom: 12, filter: named(({ geomType }) => geomType !== library.GeomType.Line),
      symbolizer: new library.CenteredTextSymbolizer(text(13, colours.waterInk, { fontStyle: "italic", width: 1.4, lineHeight: 1.2 })),
    },
    {
      id: "name-park", dataLayer: "pois", minzoom: 15, filter: named(({ props }) => ["park", "garden", "cemetery", "forest"].includes(props.kind)),
      symbolizer: new library.CenteredTextSymbolizer(text(12, colours.parkInk, { width: 1.4, lineHeight: 1.2 })),
    },
    {
      id: "name-poi", dataLayer: "pois", minzoom: 16,
      filter: named(({ props }) => ["station", "hospital", "townhall", "university", "marketplace", "stadium", "museum"].includes(props.kind)),
      symbolizer: new library.CenteredTextSymbolizer(text(12, colours.soft, { width: 1.4, lineHeight: 1.2 })),
    },
  ];
}

/** The base map layer for a PMTiles address, by day or by night. library: protomapsL. */
export function basemapLayer(library, url, dark) {
  const colours = dark ? NIGHT : DAY;
  return library.leafletLayer({
    url, attribution: "", lang: "fr", backgroundColor: colours.earth,
    paintRules: paintRules(library, colours), labelRules: labelRules(library, colours),
  });
}
