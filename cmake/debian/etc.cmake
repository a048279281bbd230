# Run by cpack between installing and packing: configuration below /usr/etc belongs into /etc.
file(GLOB trees ${CPACK_TEMPORARY_DIRECTORY}/*)
foreach(tree ${trees})
    if(IS_DIRECTORY ${tree}/usr/etc)
        file(RENAME ${tree}/usr/etc ${tree}/etc)
    endif()
endforeach()
