/** The level of a section's heading, which depends on where the section is. */
export type Heading = 'h2' | 'h3' | 'h4'
