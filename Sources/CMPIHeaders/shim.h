// Only finds mpi.h through pkg-config for the C target CMPI; Swift never imports this module, since the header is
// made of cast macros that Swift cannot see.
