from a As b
Run x
copy --from=b /x /y
