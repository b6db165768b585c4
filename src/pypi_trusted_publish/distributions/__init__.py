"""What is published: wheels and sdists, read and judged without being unpacked. Pure: readers are handed in."""
