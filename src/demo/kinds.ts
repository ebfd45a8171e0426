/** The properties of a kind of device: its frequency, places and makes, and what it measures. */
export type Kind = {
  kind: string
  unit: string
  /** The percentage of devices of this kind. */
  share: number
  places: readonly string[]
  makes: readonly Make[]
  multipliers: readonly number[]
  /** The name of the measured quantity. */
  quantity: string
  /** The amount that a typical device measures in an hour, in its unit. */
  hourly: number
  decimals: number
  /** Whether it measures only while the sun shines. */
  solar: boolean
}

type Make = { manufacturer: string; model: string; port: number }

const modbus = 502
const dlms = 4_059
const mbusGateway = 10_001

export const kinds: readonly Kind[] = [
  {
    kind: 'electricity',
    unit: 'kWh',
    share: 42,
    places: [
      'Main incomer',
      'Lighting',
      'Ventilation',
      'Lifts',
      'Kitchen',
      'Server room',
      'Workshop',
      'Car chargers',
      'Pumps',
      'Tenant area',
    ],
    makes: [
      { manufacturer: 'Voltara', model: 'VT-3P', port: modbus },
      { manufacturer: 'Voltara', model: 'VT-CT5', port: modbus },
      { manufacturer: 'Gridline', model: 'G300', port: dlms },
    ],
    multipliers: [1, 1, 1, 40, 60, 100],
    quantity: 'active energy',
    hourly: 12,
    decimals: 1,
    solar: false,
  },
  {
    kind: 'water',
    unit: 'm³',
    share: 20,
    places: ['Mains water', 'Hot water', 'Irrigation', 'Washrooms', 'Laundry', 'Cooling tower'],
    makes: [
      { manufacturer: 'Aquamark', model: 'AM-25', port: mbusGateway },
      { manufacturer: 'Hydrologic', model: 'Flow 2', port: mbusGateway },
    ],
    multipliers: [1],
    quantity: 'volume',
    hourly: 0.4,
    decimals: 3,
    solar: false,
  },
  {
    kind: 'heat',
    unit: 'MWh',
    share: 14,
    places: ['District heating', 'Boiler house', 'Heating circuit', 'Floor heating', 'Air handling unit'],
    makes: [
      { manufacturer: 'Thermion', model: 'Calor 6', port: mbusGateway },
      { manufacturer: 'Hydrologic', model: 'Heat 4', port: mbusGateway },
    ],
    multipliers: [1],
    quantity: 'thermal energy',
    hourly: 0.03,
    decimals: 3,
    solar: false,
  },
  {
    kind: 'gas',
    unit: 'm³',
    share: 9,
    places: ['Gas intake', 'Boiler', 'Kitchen gas', 'Process burner'],
    makes: [{ manufacturer: 'Pneuma', model: 'G16', port: dlms }],
    multipliers: [1],
    quantity: 'volume',
    hourly: 3,
    decimals: 2,
    solar: false,
  },
  {
    kind: 'photovoltaics',
    unit: 'kWh',
    share: 7,
    places: ['Roof south', 'Roof east', 'Roof west', 'Car park canopy', 'Façade'],
    makes: [{ manufacturer: 'Voltara', model: 'VT-PV', port: modbus }],
    multipliers: [1, 1, 10],
    quantity: 'energy produced',
    hourly: 6,
    decimals: 1,
    solar: true,
  },
  {
    kind: 'chilled water',
    unit: 'MWh',
    share: 5,
    places: ['Chiller', 'Cooling circuit', 'Server room cooling'],
    makes: [{ manufacturer: 'Thermion', model: 'Frigo 6', port: mbusGateway }],
    multipliers: [1],
    quantity: 'cooling energy',
    hourly: 0.02,
    decimals: 3,
    solar: false,
  },
  {
    kind: 'compressed air',
    unit: 'm³',
    share: 3,
    places: ['Compressor', 'Workshop air', 'Packaging line'],
    makes: [{ manufacturer: 'Pneuma', model: 'Air 80', port: modbus }],
    multipliers: [1],
    quantity: 'volume',
    hourly: 40,
    decimals: 0,
    solar: false,
  },
]
