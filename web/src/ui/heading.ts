/** The level of a section's heading, which depends on what the section stands in. */
export type Heading = 'h2' | 'h3' | 'h4'
