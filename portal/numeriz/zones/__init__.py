"""Events of the city and their perimeters: drawn, dated by a table or a programme, copied, withdrawn, undone."""
