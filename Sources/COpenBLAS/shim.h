#include <cblas.h>

/* Debian ships no lapacke.h; these are the LAPACK routines in use (Fortran, by reference,
   hidden character lengths last). */
typedef int lapack_integer;
void dpotrf_(const char *uplo, const lapack_integer *n, double *a, const lapack_integer *lda,
             lapack_integer *info, unsigned long);
void dpotri_(const char *uplo, const lapack_integer *n, double *a, const lapack_integer *lda,
             lapack_integer *info, unsigned long);
void dpstrf_(const char *uplo, const lapack_integer *n, double *a, const lapack_integer *lda,
             lapack_integer *piv, lapack_integer *rank, const double *tol, double *work,
             lapack_integer *info, unsigned long);
void dtrtri_(const char *uplo, const char *diag, const lapack_integer *n, double *a,
             const lapack_integer *lda, lapack_integer *info, unsigned long, unsigned long);
void dsyev_(const char *jobz, const char *uplo, const lapack_integer *n, double *a,
            const lapack_integer *lda, double *w, double *work, const lapack_integer *lwork,
            lapack_integer *info, unsigned long, unsigned long);
