#ifndef C_NUMBER_PARSING_H
#define C_NUMBER_PARSING_H

#ifdef __cplusplus
extern "C" {
#endif

/* The double nearest to the decimal text [first, last), correctly rounded and independent of the
   locale. Returns the number of bytes used, 0 if the text does not start with a number, and -1 if
   the magnitude is out of range (then *value is +-HUGE_VAL or +-0). "inf" and "nan" are read too. */
long parse_decimal(const char *first, const char *last, double *value);

#ifdef __cplusplus
}
#endif
#endif
